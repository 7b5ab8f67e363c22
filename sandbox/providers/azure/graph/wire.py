"""The shapes of Microsoft Graph; every URL lies where the request came in.

https://learn.microsoft.com/graph/api/resources/user, /graph/api/resources/group and /graph/api/resources/organization
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, request

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.providers.azure.authorities import graph_url
from sandbox.providers.azure.directory import Tenant, User, pairwise_subject
from sandbox.providers.azure.graph.queries import Json, cut, invalid, parse_query
from sandbox.service import current_mount, read_json

_CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
# The fixture gives directories, persons and groups no dates.
_FOUNDED_AT = "2020-01-01T00:00:00Z"


@dataclass(frozen=True)
class Kind:
    """A type of object: `path` is its collection in @odata.context, `usual` what it shows unless $select is given."""

    name: str
    path: str
    known: tuple[str, ...]
    usual: tuple[str, ...]


_USER = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
_MORE_OF_A_USER = (
    "accountEnabled",
    "companyName",
    "createdDateTime",
    "department",
    "employeeId",
    "mailNickname",
    "onPremisesSamAccountName",
    "onPremisesUserPrincipalName",
    "otherMails",
    "userType",
)
_GROUP = (
    "id",
    "deletedDateTime",
    "createdDateTime",
    "description",
    "displayName",
    "groupTypes",
    "mail",
    "mailEnabled",
    "mailNickname",
    "onPremisesSyncEnabled",
    "securityEnabled",
    "visibility",
)
_ORGANIZATION = ("id", "countryLetterCode", "createdDateTime", "displayName", "tenantType", "verifiedDomains")

USER = Kind("microsoft.graph.user", "users", _USER + _MORE_OF_A_USER, _USER)
GROUP = Kind("microsoft.graph.group", "groups", _GROUP, _GROUP)
ORGANIZATION = Kind("microsoft.graph.organization", "organization", _ORGANIZATION, _ORGANIZATION)
ANYTHING = Kind("microsoft.graph.directoryObject", "directoryObjects", USER.known + GROUP.known, _USER + _GROUP)

_SECURITY_ONLY = Contract(
    {
        "type": "object",
        "required": ["securityEnabledOnly"],
        "properties": {"securityEnabledOnly": {"type": "boolean"}},
    }
)
_IDS = Contract(
    {
        "type": "object",
        "required": ["ids"],
        "properties": {
            "ids": {"type": "array", "maxItems": 1000, "items": {"type": "string"}},
            "types": {"type": ["array", "null"], "items": {"type": "string"}},
        },
    }
)


# Requests


def parse_security_only() -> bool:
    """Whether the request asks for groups that give access only. Raises Refusal: as read_body."""
    return bool(_read_body(_SECURITY_ONLY)["securityEnabledOnly"])


def parse_ids() -> tuple[list[str], list[str]]:
    """The ids that a request asks for, and the types of objects (empty: any). Raises Refusal: as read_body."""
    body = _read_body(_IDS)
    return body["ids"], [kind.lower() for kind in body.get("types") or ()]


def _read_body(contract: Contract) -> Mapping[str, Any]:
    """The request's body. Raises Refusal: BODY_MISSING, BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID."""
    body: Any = read_json()
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON but no object")
    if issues := contract.issues(body):
        name = str(issues[0].path[0])
        reason = Reason.FIELD_MISSING if issues[0].keyword == "required" else Reason.FIELD_INVALID
        raise Refusal(reason, f"{issues[0].field} breaks the rule {issues[0].keyword!r}", name)
    return body


# Answers


def render_json(body: object, status: int = 200) -> Response:
    """An answer of Microsoft Graph."""
    return Response(json.dumps(body, separators=(",", ":")), status, content_type=_CONTENT_TYPE)


def render_one(item: Json, kind: Kind) -> Response:
    """One object, with the properties that $select names. Raises Refusal: FIELD_INVALID."""
    query = parse_query(request.args, kind.name, kind.known, one=True)
    context = _context(kind.path, query.select, "/$entity")
    return render_json({"@odata.context": context, **query.choose(item, kind.usual)})


def render_list(items: Sequence[Json], kind: Kind, *, reference: bool = False) -> Response:
    """The page of a list that the request asks for.

    `reference` tells of a list of what belongs to an object, which is filtered only as an advanced query. Raises
    Refusal: FIELD_INVALID.
    """
    advanced = request.headers.get("ConsistencyLevel", "").lower() == "eventual"
    query = parse_query(request.args, kind.name, kind.known, advanced=advanced)
    if reference and query.filter and not advanced:
        raise invalid("$filter", request.args["$filter"], "reference")
    page = cut(list(items), query)
    body: Json = {"@odata.context": _context(kind.path, query.select)}
    if query.count:
        body["@odata.count"] = page.total
    if page.next_token:
        body["@odata.nextLink"] = _next_link(page.next_token)
    return render_json({**body, "value": [query.choose(item, kind.usual) for item in page.items]})


def render_ids(ids: Sequence[str]) -> Response:
    """A list of ids, whole."""
    return render_json({"@odata.context": _context("Collection(Edm.String)"), "value": list(ids)})


def render_objects(objects: Sequence[User | tables.Group], types: Sequence[str]) -> Response:
    """Objects of the types that were asked for (none: any), each with its type."""
    items = [render_object(item) for item in objects]
    wanted = {f"#microsoft.graph.{kind}" for kind in types}
    anything = not wanted or "#microsoft.graph.directoryobject" in wanted
    found = [item for item in items if anything or item["@odata.type"] in wanted]
    query = parse_query({}, ANYTHING.name, ANYTHING.known)
    return render_json(
        {
            "@odata.context": _context(ANYTHING.path),
            "value": [query.choose(item, ANYTHING.usual) for item in found],
        }
    )


def render_object(item: User | tables.Group) -> Json:
    """A person or a group, with its type."""
    if isinstance(item, User):
        return {"@odata.type": f"#{USER.name}", **render_user(item)}
    return {"@odata.type": f"#{GROUP.name}", **render_group(item)}


def render_user(user: User) -> Json:
    """Everything that can be asked of a person."""
    return {
        "businessPhones": list(user.business_phones),
        "displayName": user.display_name,
        "givenName": user.given_name,
        "jobTitle": user.job_title,
        "mail": user.mail,
        "mobilePhone": user.mobile_phone,
        "officeLocation": user.office_location,
        "preferredLanguage": user.preferred_language,
        "surname": user.surname,
        "userPrincipalName": user.upn,
        "id": user.oid,
        "accountEnabled": not user.identity.deactivated,
        "companyName": None,
        "createdDateTime": _FOUNDED_AT,
        "department": None,
        "employeeId": None,
        "mailNickname": user.upn.rpartition("@")[0],
        "onPremisesSamAccountName": None,
        "onPremisesUserPrincipalName": None,
        "otherMails": [email["email"] for email in user.identity.emails if email["email"] != user.mail],
        "userType": "Guest" if user.is_guest else "Member",
    }


def render_group(group: tables.Group) -> Json:
    """Everything that can be asked of a group."""
    about = group.attributes
    return {
        "id": group.id,
        "deletedDateTime": None,
        "createdDateTime": _FOUNDED_AT,
        "description": about["description"],
        "displayName": about["name"],
        "groupTypes": [],
        "mail": None,
        "mailEnabled": not about["security_enabled"],
        "mailNickname": "".join(about["name"].split()),
        "onPremisesSyncEnabled": None,
        "securityEnabled": about["security_enabled"],
        "visibility": "Public",
    }


def render_organization(tenant: Tenant) -> Json:
    """The tenant."""
    domains = dict.fromkeys((tenant.domain, tenant.initial_domain))
    return {
        "id": tenant.id,
        "countryLetterCode": None,
        "createdDateTime": _FOUNDED_AT,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": domain == tenant.domain,
                "isInitial": domain == tenant.initial_domain,
                "name": domain,
                "type": "Managed",
            }
            for domain in domains
        ],
    }


def render_userinfo(user: User, client_id: str, scopes: Sequence[str]) -> Response:
    """The claims of userinfo: names with the scope profile, the address with email."""
    claims: dict[str, str | None] = {"sub": pairwise_subject(user, client_id)}
    if "profile" in scopes:
        claims |= {"name": user.display_name, "family_name": user.surname, "given_name": user.given_name}
        claims["picture"] = graph_url(current_mount(), "/v1.0/me/photo/$value")
    if "email" in scopes:
        claims["email"] = user.mail
    return render_json({name: value for name, value in claims.items() if value is not None})


def _path() -> str:
    """The path of the request in the room's URL space, such as `/v1.0/users`."""
    return request.path[request.path.index("/", 1) :]


def _context(path: str, select: Sequence[str] = (), suffix: str = "") -> str:
    version = _path().split("/")[1]
    selected = f"({','.join(select)})" if select else ""
    return graph_url(current_mount(), f"/{version}/$metadata") + f"#{path}{selected}{suffix}"


def _next_link(token: str) -> str:
    parameters = {**request.args.to_dict(), "$skiptoken": token}
    query = urlencode(parameters, safe="$,()'", quote_via=quote)
    return f"{graph_url(current_mount(), quote(_path(), safe='/$@'))}?{query}"
