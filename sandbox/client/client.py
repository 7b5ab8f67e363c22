"""SandboxClient: one world of a sandbox, steered over HTTP.

The parts that hang off it (`clock`, `journal`, `clients` ...) are in files of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Self, Unpack
from urllib.parse import quote

from sandbox.client.cast import Cast
from sandbox.client.clock import ClockControl
from sandbox.client.errors import SandboxError
from sandbox.client.faults import ArmedFault, Rule
from sandbox.client.http import Http
from sandbox.client.journal import Journal
from sandbox.client.keys import Keys
from sandbox.client.logins import read_request
from sandbox.client.mailbox import Mailbox
from sandbox.client.timeline import render_requests, render_verdicts
from sandbox.client.values import Fault, Flow, Login, Recipe, Token, Verdict
from sandbox.client.worlds import Worlds


class SandboxClient:
    """A world of a running sandbox.

    `url` is the sandbox's origin, or that of a world (`http://localhost:9400/w/t1`); `world` names one below the
    origin. `token` is what the sandbox wants to see beyond loopback, `ca_file` the certificate authority of its https.

    Every verb raises SandboxError for what the sandbox refuses.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        world: str | None = None,
        *,
        ca_file: str | PathLike[str] | None = None,
    ) -> None:
        url = f"{url.rstrip('/')}/w/{quote(world, safe='')}" if world else url
        self._use(Http(url, token, str(ca_file) if ca_file else None))

    def _use(self, http: Http) -> None:
        self._http = http
        self.clock = ClockControl(http)
        self.journal = Journal(http)
        self.identities = Cast(http, "identities")
        self.clients = Cast(http, "clients")
        self.issuers = Cast(http, "issuers")
        self.tenants = Cast(http, "tenants")
        self.keys = Keys(http)
        self.mailbox = Mailbox(http)
        self.worlds = Worlds(http)

    @property
    def url(self) -> str:
        """Where this world's services are: `idp.url + "/login/oauth/authorize"`."""
        return self._http.url

    @property
    def ca_file(self) -> str | None:
        """The file of the certificate authority that clients must trust; None where there is none."""
        return self._http.ca_file

    def world(self, name: str, fixture: Mapping[str, Any] | None = None) -> SandboxClient:
        """The client of another world of this server, which is made if there is none of that name.

        With a `fixture` document there must be none. Raises SandboxError: 400, 409.
        """
        try:
            self.worlds.create(name, fixture=fixture)
        except SandboxError as error:
            if error.status != 409 or fixture is not None:
                raise
        return SandboxClient(self._http.origin, self._http.token, name, ca_file=self._http.ca_file)

    # What an application under test needs

    def login(
        self,
        provider: str | None,
        as_: str,
        *,
        url: str | None = None,
        client: str | None = None,
        redirect_uri: str | None = None,
        scope: str | None = None,
        state: str | None = None,
        nonce: str | None = None,
        issuer: str | None = None,
        pkce: bool | Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        decision: Literal["allow", "deny"] | None = None,
        until: Literal["code", "session"] | None = None,
        exchange: str | None = None,
        via: str | None = None,
    ) -> Login:
        """Sign `as_` in at a provider without a browser, up to the code, or up to the session of an `exchange`.

        `url` is the authorization request of an application, as it redirects a browser to it; what is said besides goes
        before. What is left out is chosen as a user would expect: the provider's first client that fits, its first
        redirect URI, a random state. `issuer` is an issuer or a tenant; `via` one of several ways to an exchange, which
        has a usual `provider` too. Raises SandboxError (409) with the `answer` of whoever refused.
        """
        asked = read_request(url) if url else {}
        given = {
            "provider": provider,
            "identity": as_,
            "client": client,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "issuer": issuer,
            "pkce": pkce,
            "parameters": {**asked.get("parameters", {}), **(parameters or {})} or None,
            "decision": decision,
            "until": until or ("session" if exchange else "code"),
            "exchange": exchange,
            "via": via,
        }
        return Login.read(self._http.post("/login", asked | _without_none(given)))

    def mint(
        self,
        service: str,
        kind: str,
        as_: str | None = None,
        *,
        client: str | None = None,
        scope: str | None = None,
        audience: str | None = None,
        issuer: str | None = None,
        claims: Mapping[str, Any] | None = None,
        ttl: int | None = None,
        tamper: str | None = None,
    ) -> Token:
        """A token as the service would issue it, without a login; with `tamper`, one that must be refused.

        `ttl` is in seconds, and may be negative for a token that has expired.
        """
        given = {
            "service": service,
            "kind": kind,
            "identity": as_,
            "client": client,
            "scope": scope,
            "audience": audience,
            "issuer": issuer,
            "claims": claims,
            "ttl": ttl,
            "tamper": tamper,
        }
        return Token.read(self._http.post("/tokens", _without_none(given)))

    def token_kinds(self) -> dict[str, Any]:
        """What can be minted, and how it can be tampered with: `{"kinds": [...], "tampers": [...]}`."""
        kinds: dict[str, Any] = self._http.get("/tokens")
        return kinds

    # What goes wrong on purpose

    def fault(self, recipe: str | None = None, **rule: Unpack[Rule]) -> ArmedFault:
        """Make something go wrong: a recipe by its name, or a rule, with one action.

        It stays until it has met as many requests as its `times` says (1 if nothing is said), or until it is cleared;
        in a `with` statement, until the block ends.
        """
        body: dict[str, Any] = {**({"recipe": recipe} if recipe else {}), **rule}
        return ArmedFault(self._http, Fault.read(self._http.post("/faults", body)))

    def faults(self) -> list[Fault]:
        """All that are armed."""
        return [Fault.read(fault) for fault in self._http.get("/faults")["faults"]]

    def clear_faults(self) -> None:
        """Make nothing go wrong any more."""
        self._http.delete("/faults")

    def recipes(self) -> list[Recipe]:
        """The faults that have a name."""
        return [Recipe.read(recipe) for recipe in self._http.get("/recipes")["recipes"]]

    # What happened

    def flows(self, *, client_id: str | None = None, login: str | None = None, limit: int | None = None) -> list[Flow]:
        """The logins so far."""
        query = {"client_id": client_id, "login": login, "limit": limit}
        return [Flow.read(flow) for flow in self._http.get("/flows", query)["flows"]]

    def flow(self, number: str) -> Flow:
        """One login with its requests and what was found in it. Raises SandboxError (404)."""
        return Flow.read(self._http.get(f"/flows/{quote(number, safe='')}"))

    def verdict(self, client_id: str | None = None) -> list[Verdict]:
        """What each client has done well and badly so far, or one alone."""
        answer = self._http.get("/verdict", {"client_id": client_id})
        return [Verdict.read(client) for client in answer["clients"]]

    def verdict_junit(self, client_id: str | None = None) -> str:
        """The verdict as JUnit XML."""
        return self._http.text("/verdict", {"client_id": client_id, "format": "junit"})

    def assert_requested(
        self, service: str, operation: str | None = None, *, times: int | None = None, **filters: object
    ) -> None:
        """Fail unless the service was called: exactly so many `times`, or at least once.

        `filters` are those of `journal.requests`. Raises AssertionError with all requests that there were.
        """
        found = len(self.journal.requests(service, operation, **filters))
        if found == times or (times is None and found):
            return
        called = " ".join(filter(None, (service, operation, *(f"{name}={value}" for name, value in filters.items()))))
        wanted = "at least once" if times is None else f"{times} times"
        raise AssertionError(
            f"{called}: requested {found} times, not {wanted}\n{render_requests(self.journal.requests())}"
        )

    def assert_passed(self, client_id: str | None = None) -> None:
        """Fail unless every client, or this one, passed by the verdict. Raises AssertionError with what was found.

        A client that never came has not passed.
        """
        verdicts = self.verdict(client_id)
        if not verdicts:
            raise AssertionError(f"no request of {client_id or 'any client'} has come, so there is nothing to judge")
        if not all(verdict.passed for verdict in verdicts):
            raise AssertionError(f"not all is well\n{render_verdicts(verdicts)}")

    # The whole world

    def reset(self) -> None:
        """Make this world again what it was seeded as."""
        self._http.post("/reset")

    def snapshot(self, *, journal: bool | None = None) -> dict[str, Any]:
        """The world as one JSON document, with its journal unless that is False."""
        query = {} if journal is None else {"journal": str(journal).lower()}
        taken: dict[str, Any] = self._http.get("/snapshot", query)
        return taken

    def restore(self, snapshot: Mapping[str, Any], *, clock: Literal["then", "now"] | None = None) -> None:
        """Put a snapshot back: at the moment when it was taken (`then`), or as if time had gone on (`now`)."""
        self._http.put("/snapshot", dict(snapshot), {"clock": clock})

    def fixture(self) -> dict[str, Any]:
        """The world's whole fixture document, with every default filled in."""
        document: dict[str, Any] = self._http.get("/fixture", {"format": "json"})
        return document

    def change_fixture(self, document: Mapping[str, Any]) -> None:
        """Make the world's cast and settings what a fixture document says; codes and tokens stay."""
        self._http.put("/fixture", dict(document))

    def services(self) -> list[dict[str, Any]]:
        """Every service, with its base URL and its operations."""
        services: list[dict[str, Any]] = self._http.get("/services")["services"]
        return services

    def close(self) -> None:
        """Let go of the connections; the sandbox goes on."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


def _without_none(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
