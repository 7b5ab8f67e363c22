"""What GitHub's API takes: the request bodies as JSON Schema, the query language's types as its own SDL.

https://docs.github.com/rest/apps/oauth-applications and https://docs.github.com/graphql/reference/objects
"""

from __future__ import annotations

from sandbox.core.schemas import Contract

_FILLED = {"type": "string", "pattern": r"\S"}

TOKEN = Contract(
    {"type": "object", "required": ["access_token"], "properties": {"access_token": _FILLED}},
)
SCOPED_TOKEN = Contract(
    {
        "type": "object",
        "required": ["access_token"],
        "properties": {
            "access_token": _FILLED,
            "target": {"type": "string"},
            "target_id": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
            "repositories": {"type": "array", "maxItems": 500, "items": {"type": "string"}},
            "repository_ids": {"type": "array", "maxItems": 500, "items": {"type": "integer"}},
            "permissions": {"type": "object", "additionalProperties": {"enum": ["read", "write", "admin"]}},
        },
    },
)
QUERY = Contract(
    {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": _FILLED,
            "variables": {"type": ["object", "null"]},
            "operationName": {"type": ["string", "null"]},
        },
    },
)

SDL = '''
"""An ISO 8601 date and time in UTC"""
scalar DateTime

"""A URI, RFC 3986"""
scalar URI

type Query {
  "The person whose token this is"
  viewer: User!
  "Looks up a person by login"
  user(login: String!): User
  "Looks up an organization by login"
  organization(login: String!): Organization
  "What is left of the rate limit"
  rateLimit: RateLimit
}

"""Whoever can own something"""
interface Actor {
  login: String!
  avatarUrl(size: Int): URI!
  url: URI!
}

"""A person"""
type User implements Actor {
  id: ID!
  databaseId: Int
  login: String!
  name: String
  email: String!
  avatarUrl(size: Int): URI!
  url: URI!
  bio: String
  company: String
  location: String
  websiteUrl: URI
  twitterUsername: String
  isHireable: Boolean!
  isSiteAdmin: Boolean!
  isViewer: Boolean!
  createdAt: DateTime!
  updatedAt: DateTime!
  organizations(first: Int, after: String, last: Int, before: String): OrganizationConnection!
}

"""An organization"""
type Organization implements Actor {
  id: ID!
  databaseId: Int
  login: String!
  name: String
  description: String
  avatarUrl(size: Int): URI!
  url: URI!
  createdAt: DateTime!
  updatedAt: DateTime!
  viewerIsAMember: Boolean!
  viewerCanAdminister: Boolean!
}

type OrganizationConnection {
  edges: [OrganizationEdge]
  nodes: [Organization]
  pageInfo: PageInfo!
  totalCount: Int!
}

type OrganizationEdge {
  cursor: String!
  node: Organization
}

type PageInfo {
  startCursor: String
  endCursor: String
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
}

type RateLimit {
  cost: Int!
  limit: Int!
  nodeCount: Int!
  remaining: Int!
  resetAt: DateTime!
  used: Int!
}
'''
