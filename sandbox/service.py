"""The shape of a room: what a Service is, what an Upstream can do, and the House both are given.

Names no room; holds no state of its own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast

from flask import Blueprint, Flask, Response, current_app, g, request

from sandbox.config import Config
from sandbox.core.fault_rules import check_rule
from sandbox.core.fixture_reader import Entry, Finding
from sandbox.core.fixture_rules import entries
from sandbox.core.fixtures import Check
from sandbox.core.ids import Ids
from sandbox.core.recipes import recipe_rules
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.session import Session
from sandbox.core.state import Origin, Seeder
from sandbox.core.world import DEFAULT, World, find_world
from sandbox.headless import LoginRequest, LoginStart, Mintable, Way
from sandbox.mounts import Mount, Mounts

# Where a call of the sandbox to itself says who signs in, and which flow it belongs to.
APPROVAL = "sandbox.approval"
FLOW = "sandbox.flow"


@dataclass(frozen=True)
class UpstreamUser:
    """The person behind an upstream's access token. `subject` is stable, `email` the verified primary or None.

    `address` is the e-mail as the upstream tells it, verified or not; `handle` the name that the person goes by there,
    and `picture` the URL of a portrait.
    """

    subject: str
    login: str
    name: str | None
    email: str | None
    client_id: str
    address: str | None = None
    handle: str = ""
    picture: str | None = None


@dataclass(frozen=True)
class Redemption:
    """What an application comes to a token endpoint with (RFC 6749 section 4.1.3); None for what it leaves out.

    A `client_secret` must be the registered one. In-process an application without one is taken at its word, since
    nobody else speaks there; elsewhere it is a public one.
    """

    code: str
    client_id: str
    client_secret: str | None = None
    redirect_uri: str | None = None
    code_verifier: str | None = None


@dataclass(frozen=True)
class UpstreamTokens:
    """What a code was swapped for; `id_token` is None unless an OpenID Provider was asked for openid."""

    access_token: str
    id_token: str | None = None


class Upstream(Protocol):
    """What an exchange may ask of a provider, in-process, on behalf of an application of its own.

    A provider derives from it and has the verbs that it can; `verify` is there only where it signs tokens for others.
    `issuer` always names one of the issuers of a provider that has several, as `find_issuer` does.
    """

    def redeem(self, world: World, redemption: Redemption, *, issuer: str | None = None) -> UpstreamTokens:
        """Swap an authorization code for the provider's tokens. Raises Refusal as the token endpoint would."""

    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:
        """The person and client behind an access token. Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED."""

    def verify(self, world: World, token: str, **expected: str) -> Mapping[str, Any]:  # noqa: ARG002 - for who can
        """The claims of a token that the provider signed, and that is good now.

        `expected` says what it must hold besides, in the provider's own names; where there are several issuers,
        `issuer` names the one whose keys are taken, and iss, aud and nonce are the caller's to check.

        Raises Refusal, whose `field` is the part at fault: TOKEN_MALFORMED (`token`, `header`, `payload`, or the
        claim), TOKEN_ALGORITHM_NOT_ALLOWED (`alg`), TOKEN_KEY_UNKNOWN and TOKEN_KEY_AMBIGUOUS (`kid`),
        TOKEN_SIGNATURE_BAD (`signature`), TOKEN_NOT_YET_VALID (`nbf`), TOKEN_EXPIRED (`exp`), TOKEN_AUDIENCE_WRONG
        (the name in `expected`), PROVIDER_FAILED (`keys`) if the provider does not give its keys, PROVIDER_UNSUPPORTED
        if it signs nothing.
        """
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, "this provider signs no tokens that others verify", "provider")

    def find_issuer(self, world: World, url: str) -> str | None:  # noqa: ARG002 - for who has issuers
        """The name of the issuer that has this absolute URL, in the way that this request came in; None if none has.

        An issuer has its identifier, its discovery document, its key set, and the endpoints for authorization and
        tokens.
        """
        return None

    def issuer_url(self, world: World, issuer: str) -> str:  # noqa: ARG002 - for who has issuers
        """The issuer identifier, as it is in id_tokens (`iss`). Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED."""
        raise Refusal(Reason.ISSUER_UNKNOWN, f"this provider has no issuer {issuer!r}", "issuer")

    def authorization_url(self, world: World, issuer: str, parameters: Mapping[str, str]) -> str:  # noqa: ARG002
        """Where a browser begins an authorization request with these parameters.

        Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED.
        """
        raise Refusal(Reason.ISSUER_UNKNOWN, f"this provider has no issuer {issuer!r}", "issuer")

    def lend(self, world: World, provider: str, *, redirect_uri: str) -> str:  # noqa: ARG002 - for who can
        """The address at which a browser begins a sign-in by an application that this provider lends to the exchange.

        `provider` is whose application it is. Raises Refusal as the provider's own endpoint would, and
        PROVIDER_UNSUPPORTED if it lends nothing.
        """
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, "this provider lends no applications", "provider")


class NothingFitsError(LookupError):
    """The fixture has nothing that a snippet could be made from; the message says what to add."""


@dataclass(frozen=True)
class Snippet:
    """The lines that point a client library at a room, as they are printed and shown for copying.

    The text is the template `templates/snippets/{name}.{the language's suffix}.j2`. `facts(world, mount)` is what it
    takes from this room: addresses, and a registered client that fits. It raises NothingFitsError. `https_only` marks a
    library that refuses plain http.
    """

    name: str
    title: str
    language: Literal["go", "javascript", "python", "shell", "toml", "yaml"]
    facts: Callable[[World, Mount], Mapping[str, str]]
    https_only: bool = False


@dataclass(frozen=True)
class Service:
    """A room's card: what it is called, where it lives, and how it says no.

    `roots` and `hosts` are explained in mounts.py; `base_path` is what a client is pointed at, below the prefix where
    `by_prefix` tells that not all a client needs is at the root. `words` is
    `{dialect: {Reason: that dialect's words}}`, total over Reason. `check_fixture` finds what no schema can say of the
    room's section of a fixture; `seed` puts the section into a world and returns the settings that the room wants in
    `world.settings[slug]`. `snippets` are the libraries that people log in here with.

    Without a browser: `begin_login` says where a sign-in at this provider begins, `ways` how people come from a
    provider to a session of this exchange, and `mints` which kinds of tokens can be had without any login.

    `stories` tells of its operations, by their names, what has just happened and why it is safe, in a sentence or two.

    `lists` is `{a list in the room's section of a fixture: the key of its entries}`, for those that are changed at run
    time. `claims` says what those claims of its JWTs mean that are its own, and `name_key` how it calls the key with a
    `kid` in its tokens.
    """

    slug: str
    title: str
    kind: Literal["provider", "exchange"]
    summary: str
    blueprint: Blueprint
    roots: tuple[str, ...]
    words: Mapping[str, Mapping[Reason, object]]
    render_refusal: Callable[[Refusal], Response]
    base_path: str = ""
    by_prefix: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)
    check_fixture: Check = lambda fixture: iter(())
    seed: Seeder = lambda world, section: section
    after_request: Callable[[Response], Response] = lambda response: response
    upstream: Upstream | None = None
    snippets: tuple[Snippet, ...] = ()
    begin_login: Callable[[World, Mount, LoginRequest], LoginStart] | None = None
    ways: tuple[Way, ...] = ()
    mints: Mapping[str, Mintable] = field(default_factory=dict)
    stories: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    name_key: Callable[[str], str] = lambda kid: kid


class House:
    """One sandbox: its configuration, its cast, its rooms and where they live. Two of them in one process never meet.

    `close()` lets go of its database; a temporary one is deleted, at interpreter exit at the latest. `closing` is set
    as soon as its end is near, for answers that would go on. `turns` is what a request works in, and `open_session` is
    for who works across its worlds.
    """

    def __init__(
        self,
        config: Config,
        origin: Origin,
        services: Mapping[str, Service],
        mounts: Mounts,
        *,
        open_session: Callable[[], Session],
        close: Callable[[], None],
        turns: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.config = config
        self.origin = origin
        self.services = services
        self.mounts = mounts
        self.upstreams: Mapping[str, Upstream] = {
            slug: service.upstream for slug, service in services.items() if service.upstream
        }
        self.ids = Ids(config.random_seed)
        self.closing = threading.Event()
        self.open_session = open_session
        self.turns = turns
        self._close = close

    def close(self) -> None:
        """End it."""
        self.closing.set()
        self._close()

    @contextmanager
    def world(self, name: str = DEFAULT) -> Iterator[World]:
        """Work in a world outside of a request; committed at the end, rolled back on an exception.

        Raises LookupError if there is no such world.
        """
        with self.open_session() as session, session.begin():
            world = find_world(session, name, self.ids)
            if world is None:
                raise LookupError(f"no world called {name!r}")
            yield world


def list_operations(app: Flask) -> dict[str, list[str]]:
    """The names of each service's operations, by its slug, in the order of their routes."""
    operations: dict[str, dict[str, None]] = {}
    for rule in app.url_map.iter_rules():
        slug, _, operation = rule.endpoint.rpartition(".")
        operations.setdefault(slug, {})[operation] = None
    return {slug: list(names) for slug, names in operations.items()}


def check_faults(services: Collection[Service]) -> Check:
    """What is found wrong with the faults of a fixture, where there are these services."""

    def check(fixture: Entry) -> Iterator[Finding]:
        if not fixture["faults"]:
            return
        app = Flask("sandbox", static_folder=None)
        for service in services:
            app.register_blueprint(service.blueprint, url_prefix=f"/{service.slug}")
        operations = list_operations(app)
        for at, fault in entries(fixture["faults"], "faults"):
            yield from (((*at, *place), message) for place, message in check_rule(fault, operations, recipe_rules()))

    return check


def current_house() -> House:
    """The sandbox that serves this request."""
    return cast(House, current_app.extensions["sandbox"])


def current_world() -> World:
    """The world this request is in."""
    return cast(World, g.world)


def current_mount() -> Mount:
    """Where this request came in; builds every URL of the answer."""
    return cast(Mount, g.mount)


def current_approval() -> str:
    """Who decides the sign-ins of this request: the policy of the configuration (`ask`, `hint`, `always=NAME`).

    A call of the sandbox to itself may bring another one in its WSGI environment; no client can.
    """
    return cast(str, request.environ.get(APPROVAL) or current_house().config.approval)


@contextmanager
def reached_by(mount: Mount) -> Iterator[None]:
    """Act as if this request had come in by `mount`, so that all that is issued meanwhile carries its addresses.

    For a room that is asked in-process at an address other than the request's own.
    """
    own, g.mount = g.mount, mount
    try:
        yield
    finally:
        g.mount = own


def read_json() -> object:
    """The request's body as JSON, whatever its media type says.

    Raises Refusal: BODY_MISSING if there is none, BODY_MALFORMED if it is not JSON.
    """
    raw = request.get_data(cache=True)
    if not raw.strip():
        raise Refusal(Reason.BODY_MISSING, "the request has no body")
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        # Lone surrogates are valid JSON escapes but no Unicode text, and 1e999 is read as infinity; nothing behind
        # this point could store the one or write the other.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.BODY_MALFORMED, f"the body is not JSON: {error}") from error
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
