"""Everything the sandbox remembers, as typed tables. Every row belongs to a world.

Holds no behaviour: queries are in store.py, and by what else than their keys rows are found in indexes.py. Secrets a
client presents (codes, tokens) are kept as SHA-256 digests only, but in the journal; `*_at` are epoch seconds.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry


class Base(DeclarativeBase):
    """The declarative base, plain SQLAlchemy so that core needs no web framework."""

    registry = registry(
        metadata=MetaData(),
        type_annotation_map={str: Text, int: BigInteger, dict[str, Any]: JSON, list[Any]: JSON},
    )

    world: Mapped[str] = mapped_column(primary_key=True)


class World(Base):
    """An isolated sandbox: its clock and its rooms' settings by slug.

    `fixture` names where it was seeded from; `used_at` is when it last had a request, give or take a minute, in real
    epoch seconds. `version` is another one whenever the cast has changed.
    """

    __tablename__ = "worlds"

    fixture: Mapped[str]
    clock_offset: Mapped[int]
    frozen_at: Mapped[int | None]
    settings: Mapped[dict[str, Any]]
    faults_armed: Mapped[bool]
    created_at: Mapped[int]
    used_at: Mapped[int]
    version: Mapped[int]


class Document(Base):
    """A JSON document of a world that differs from the sandbox's own: `fixture` as it is now, `start` to go back to."""

    __tablename__ = "documents"

    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]


class Identity(Base):
    """A fixture person. `attributes` is `{slug: what that room knows of the person}`.

    `found_by` is what a search looks through, case-folded: login, name, purpose, and every address there is.
    """

    __tablename__ = "identities"

    login: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    purpose: Mapped[str]
    password: Mapped[str | None]
    deactivated: Mapped[bool]
    emails: Mapped[list[Any]]
    attributes: Mapped[dict[str, Any]]
    found_by: Mapped[str]
    position: Mapped[int]


class Group(Base):
    """An organization or a team of a room. `id` is a path: `octo-org`, or `octo-org/core` below `parent`."""

    __tablename__ = "groups"

    service: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str | None]
    number: Mapped[int]
    attributes: Mapped[dict[str, Any]]
    position: Mapped[int]


class Membership(Base):
    """A person's place in a group; `position` is the group's, so that lists come in the fixture's order."""

    __tablename__ = "memberships"

    service: Mapped[str] = mapped_column(primary_key=True)
    group: Mapped[str] = mapped_column("group_id", primary_key=True, key="group")
    login: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    state: Mapped[str]
    public: Mapped[bool]


class Client(Base):
    """An application registered at a room."""

    __tablename__ = "clients"

    service: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret: Mapped[str | None]
    redirect_uris: Mapped[list[Any]]
    settings: Mapped[dict[str, Any]]
    position: Mapped[int]


class Account(Base):
    """A product's own user, made when an identity first signs in to an exchange."""

    __tablename__ = "accounts"

    service: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    created_at: Mapped[int]


class Link(Base):
    """What leads to an account of a room: an identity elsewhere, an address, a name that its customer has for it.

    `account` is the account's login; `attributes` is what only the room understands.
    """

    __tablename__ = "links"

    service: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    created_at: Mapped[int]


class Consent(Base):
    """What a person has granted to a client so far (`scopes` space-separated)."""

    __tablename__ = "consents"

    service: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(primary_key=True)
    scopes: Mapped[str]
    granted_at: Mapped[int]


class Transaction(Base):
    """An authorization request waiting for a person's decision. Browsers hold its `id` and nothing else."""

    __tablename__ = "transactions"

    id: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str]
    request: Mapped[dict[str, Any]]
    flow: Mapped[str]
    login: Mapped[str | None]
    sid: Mapped[str | None]
    expires_at: Mapped[int]
    decided_at: Mapped[int | None]


class SignInSession(Base):
    """One person signed in at one provider in one browser. `sid` is its public id, as in an id_token.

    `browser` is the digest of the browser's cookie; `auth_time` is when the person last signed in, epoch seconds, and
    `used_at` orders the accounts of one browser.
    """

    __tablename__ = "sign_in_sessions"

    sid: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str]
    browser: Mapped[str]
    login: Mapped[str]
    auth_time: Mapped[int]
    acr: Mapped[str]
    amr: Mapped[list[Any]]
    used_at: Mapped[int]
    expires_at: Mapped[int]
    ended_at: Mapped[int | None]


class SessionClient(Base):
    """A client that a sign-in session has let in, and so must hear of its end."""

    __tablename__ = "session_clients"

    sid: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)


class SigningKey(Base):
    """A private key of an issuer (PKCS #8 PEM). One that is retired still verifies, and is still published.

    `slot` is its place among the shipped development keys, None if it was generated or derived. `pem` is empty once the
    key was dropped.
    """

    __tablename__ = "signing_keys"

    service: Mapped[str] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    pem: Mapped[str]
    slot: Mapped[int | None]
    serial: Mapped[int]
    retired_at: Mapped[int | None]


class OutsideKeys(Base):
    """The public keys of an issuer outside (a JWK Set), as last fetched. `source` is the issuer, or the set's URL."""

    __tablename__ = "outside_keys"

    source: Mapped[str] = mapped_column(primary_key=True)
    jwks: Mapped[list[Any]]
    fetched_at: Mapped[int]


class Code(Base):
    """Something that may be redeemed once: an authorization code, an exchange code, a link."""

    __tablename__ = "codes"

    digest: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str]
    kind: Mapped[str]
    client_id: Mapped[str]
    login: Mapped[str]
    flow: Mapped[str]
    data: Mapped[dict[str, Any]]
    expires_at: Mapped[int]
    redeemed_at: Mapped[int | None]


class DeviceGrant(Base):
    """A device waiting for its user (RFC 8628). `login` and `scopes` are set by the approval.

    `data` is what only the room understands of the request.
    """

    __tablename__ = "device_grants"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_code: Mapped[str]
    service: Mapped[str]
    client_id: Mapped[str]
    scopes: Mapped[str]
    flow: Mapped[str]
    data: Mapped[dict[str, Any]]
    login: Mapped[str | None]
    interval: Mapped[int]
    polled_at: Mapped[int | None]
    expires_at: Mapped[int]
    denied_at: Mapped[int | None]
    redeemed_at: Mapped[int | None]


class Token(Base):
    """An access token, refresh token or API key. All tokens that one login issued share its `family`.

    `hint` is the token's last eight characters, `number` its public id, `serial` its place in the order of issue.
    """

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str]
    kind: Mapped[str]
    client_id: Mapped[str]
    login: Mapped[str]
    scopes: Mapped[str]
    family: Mapped[str]
    flow: Mapped[str]
    number: Mapped[int]
    serial: Mapped[int]
    hint: Mapped[str]
    data: Mapped[dict[str, Any]]
    issued_at: Mapped[int]
    expires_at: Mapped[int | None]
    used_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class Counter(Base):
    """How often something happened in the window that began at `window_at`; nobody asks after `expires_at`."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    window_at: Mapped[int] = mapped_column(primary_key=True)
    used: Mapped[int]
    expires_at: Mapped[int | None]


class Fault(Base):
    """What is to go wrong on purpose, at the calls that it matches; None matches any.

    The first `skip` calls pass, then it happens `times` times (None: until it is removed), each call with
    `probability`. `action` is one thing to do and its particulars: `{"refuse": {"reason": ...}}`. `hits` counts the
    calls so far, and `name` is the recipe's.
    """

    __tablename__ = "faults"

    id: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int]
    name: Mapped[str | None]
    service: Mapped[str | None]
    operation: Mapped[str | None]
    client_id: Mapped[str | None]
    login: Mapped[str | None]
    skip: Mapped[int]
    times: Mapped[int | None]
    probability: Mapped[float]
    action: Mapped[dict[str, Any]]
    hits: Mapped[int]


class Mail(Base):
    """What a service would have sent to a person: by e-mail, or as a text message where `to` is a phone number."""

    __tablename__ = "mail"

    # Ids grow over all worlds, so the world is no part of the key here.
    world: Mapped[str] = mapped_column()
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    service: Mapped[str]
    to: Mapped[str] = mapped_column("recipient", key="to")
    subject: Mapped[str]
    text: Mapped[str]
    sent_at: Mapped[int]


class Trace(Base):
    """Something that was given out in a flow; whoever brings it back goes on with that flow.

    It may be forgotten after `expires_at`, once the journal has forgotten the flow.
    """

    __tablename__ = "traces"

    digest: Mapped[str] = mapped_column(primary_key=True)
    flow: Mapped[str]
    expires_at: Mapped[int]


class JournalEntry(Base):
    """One request and its answer, as they were sent: recorded.Kept. `flow` links the requests of one login.

    Only journal.as_document reads those two. `fault` is what went wrong on purpose; `facts` are journal.Entry's.
    """

    __tablename__ = "journal"

    # Ids grow over all worlds, so the world is no part of the key here.
    world: Mapped[str] = mapped_column()
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[int]
    duration_us: Mapped[int]
    service: Mapped[str]
    operation: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    status: Mapped[int]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    fault: Mapped[str | None]
    flow: Mapped[str | None]
    client_id: Mapped[str | None]
    login: Mapped[str | None]
    facts: Mapped[dict[str, Any]]
    request: Mapped[dict[str, Any]]
    response: Mapped[dict[str, Any]]


def digest(secret: str) -> str:
    """The SHA-256 of a presented secret, in hex: what is stored of it, and how it is looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
