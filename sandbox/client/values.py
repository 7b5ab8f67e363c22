"""What the control API answers with, as frozen values.

They are what was the case when they were read; none of them asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


class Value:
    """Read from the JSON object of the same members; members that it does not know are passed over."""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The value that a JSON object is. Raises TypeError if a member without default is missing."""
        names = {member.name for member in fields(cls)}  # type: ignore[arg-type]  # every Value is a dataclass
        return cls(**{name: value for name, value in data.items() if name in names})


@dataclass(frozen=True)
class World(Value):
    """An isolated sandbox in a server. `now` is its time in epoch seconds; the last three are numbers of each."""

    name: str
    url: str
    fixture: str | None = None
    created_at: int | None = None
    used_at: int | None = None
    now: int = 0
    frozen: bool = False
    identities: int = 0
    clients: int = 0
    faults: int = 0


@dataclass(frozen=True)
class ClockReading(Value):
    """A world's time: `now` in epoch seconds, `iso` the same in ISO 8601, `offset` seconds ahead of the real time."""

    now: int
    iso: str
    frozen: bool
    offset: int = 0


@dataclass(frozen=True)
class Login(Value):
    """A finished sign-in, as the client's callback would see it.

    `parameters` are all of the callback's. `code` is None when none was given, as when the person denied.
    `code_verifier` and `nonce` are there if the sandbox made them; `session` is the exchange's own answer, if the login
    went on to one, and `via` the way there.
    """

    callback_url: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    state: str | None = None
    redirect_uri: str | None = None
    client_id: str | None = None
    code_verifier: str | None = None
    nonce: str | None = None
    provider: str | None = None
    flow: str | None = None
    exchange: str | None = None
    via: str | None = None
    session: Any = None


class Token(str):
    """A minted token: the text that is presented, with what is known of it.

    `claims` and `header` are empty for opaque tokens; `expires_at` is in epoch seconds, None if it never does.
    """

    __slots__ = ("claims", "expires_at", "flow", "header", "kind", "service")

    claims: Mapping[str, Any]
    expires_at: int | None
    flow: str | None
    header: Mapping[str, Any]
    kind: str
    service: str

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The token in an answer."""
        token = cls(data["token"])
        token.service, token.kind = data["service"], data["kind"]
        token.expires_at, token.flow = data.get("expires_at"), data.get("flow")
        token.claims, token.header = data.get("claims") or {}, data.get("header") or {}
        return token


@dataclass(frozen=True)
class Fault(Value):
    """Something that goes wrong on purpose. `hits` is how often it has; `rule` is all of it, as it was armed."""

    id: int | str
    name: str | None = None
    hits: int = 0
    rule: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The fault in an answer."""
        known = {"id", "name", "hits"}
        rule = {name: value for name, value in data.items() if name not in known}
        return cls(data["id"], data.get("name"), data.get("hits", 0), rule)


@dataclass(frozen=True)
class Recipe(Value):
    """A fault that has a name: what it does, what the client gets, and the rule it stands for."""

    name: str
    summary: str = ""
    answer: Any = None
    rule: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request(Value):
    """A request that the sandbox answered, secrets redacted. `at` is the world's time in epoch seconds.

    `request` is `{query, headers, body}`, `response` `{headers, body}`; `fault` names what went wrong on purpose.
    """

    id: int
    at: int
    service: str
    operation: str
    method: str
    path: str
    status: int
    iso: str | None = None
    duration_us: int = 0
    reason: str | None = None
    detail: str | None = None
    fault: str | None = None
    flow: str | None = None
    client_id: str | None = None
    login: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding(Value):
    """Something that a client did or left undone: `code` names it, `text` tells it.

    `severity` is `error`, `warning` or `note`; `flow` and `entry` are the login and the request that show it, `spec`
    the section at stake.
    """

    code: str
    severity: str
    text: str
    flow: str | None = None
    entry: int | None = None
    spec: str = ""


@dataclass(frozen=True)
class Flow(Value):
    """All requests of one login. `outcome` is `succeeded`, `refused` or `pending`.

    `entries` and `findings` are there only if the flow was asked for by its id.
    """

    id: str
    began_at: int
    ended_at: int
    outcome: str
    requests: int = 0
    services: tuple[str, ...] = ()
    client_id: str | None = None
    login: str | None = None
    entries: tuple[Request, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The flow in an answer."""
        return super().read(
            {
                **data,
                "services": tuple(data.get("services") or ()),
                "entries": tuple(map(Request.read, data.get("entries") or ())),
                "findings": tuple(map(Finding.read, data.get("findings") or ())),
            }
        )


@dataclass(frozen=True)
class Verdict(Value):
    """What a client did well and badly, over all its flows."""

    client_id: str
    service: str
    passed: bool
    flows: int = 0
    findings: tuple[Finding, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The verdict in an answer."""
        return super().read({**data, "findings": tuple(map(Finding.read, data.get("findings") or ()))})


@dataclass(frozen=True)
class Key(Value):
    """A signing key of a service. `state` is `active` or `retired`; `jwk` is the public half."""

    service: str
    kid: str
    algorithm: str
    state: str
    retired_at: int | None = None
    jwk: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mail(Value):
    """A mail or text message that a service would have sent. `sent_at` is in epoch seconds."""

    id: int
    service: str
    to: str
    subject: str
    text: str
    sent_at: int
