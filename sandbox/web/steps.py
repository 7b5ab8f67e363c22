"""The verbs of a walk as values: what each sends, before it is sent.

Sends nothing: a walker does so at once (walking.py), a tour when its person wants it (touring/).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart
from sandbox.mounts import Mount
from sandbox.service import Service

Verb = Literal["sign_in", "redeem", "go", "follow", "call"]
# What somebody does in a browser at a provider.
AT_PROVIDER: tuple[Verb, ...] = ("sign_in", "go")
_JSON = {"Accept": "application/json"}
_NONCE_LENGTH = 24


@dataclass(frozen=True)
class Callback:
    """What a provider sends to an application: `url` as the browser is sent there, None where there is no browser.

    A form that is posted there has its parameters in no URL.
    """

    url: str | None
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One verb, and the request with which it begins.

    `start` is what is known of a sign-in, and `issuer` the issuer or tenant that was asked for there, if one was.
    """

    verb: Verb
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: tuple[tuple[str, str], ...] | None = None
    start: LoginStart | None = None
    issuer: str | None = None


class Verbs(ABC):
    """A `sandbox.headless.Walk`: each verb makes a step, and gives what `take` makes of that.

    `exchange` is None for a sign-in alone. `start` and `back` are the last sign-in, as it began and as it ended. With
    `careful` an application sends a nonce wherever there is an issuer, so that it can check the id_token.
    """

    def __init__(
        self,
        world: World,
        mount: Mount,
        provider: Service,
        exchange: Service | None,
        request: LoginRequest,
        *,
        careful: bool = False,
    ) -> None:
        self.world, self.request, self.provider = world, request, provider.slug
        self._mount, self._provider, self._exchange = mount, provider, exchange
        self._careful = careful
        self.start: LoginStart | None = None
        self.back = Callback(None, {})

    @abstractmethod
    def take(self, step: Step) -> Any:
        """What the verb gives."""

    def sign_in(self, **chosen: Any) -> Mapping[str, str]:
        """Sign in at the provider; the parameters of its callback. `chosen` is for what the request leaves out.

        Raises Refusal as the provider's `begin_login`.
        """
        begin = self._provider.begin_login
        if begin is None:
            raise LookupError(f"{self.provider} signs nobody in")
        given = {each.name: getattr(self.request, each.name) for each in fields(LoginRequest)}
        changes = {name: value for name, value in chosen.items() if not given[name]}
        changes["parameters"] = {**chosen.get("parameters", {}), **self.request.parameters}
        asked = replace(self.request, **changes)
        mount = self._mount.at(self.provider, by_prefix=self._provider.by_prefix)
        start = begin(self.world, mount, asked)
        if self._careful and start.discovery and not start.nonce:
            start = begin(self.world, mount, replace(asked, nonce=self.world.ids.text(_NONCE_LENGTH)))
        return cast(Mapping[str, str], self.take(Step("sign_in", "GET", start.url, start=start, issuer=asked.issuer)))

    def redeem(self) -> dict[str, Any]:
        """Swap the code of the last sign-in at the provider's token endpoint."""
        start = self.start
        if start is None or start.token_url is None:
            raise LookupError(f"{self.provider} swaps no codes")
        given = {
            "grant_type": "authorization_code",
            "code": self.back.parameters.get("code"),
            "redirect_uri": start.redirect_uri,
            "client_id": start.client_id,
            "client_secret": start.client_secret,
            "code_verifier": start.code_verifier,
        }
        form = tuple((name, value) for name, value in given.items() if value)
        return cast(dict[str, Any], self.take(Step("redeem", "POST", start.token_url, _JSON, form=form)))

    def go(self, url: str) -> str:
        """Sign in where an exchange has sent the browser; the whole URL of the callback."""
        query = dict(parse_qsl(urlsplit(url).query))
        start = LoginStart(url, query.get("client_id", ""), redirect_uri=query.get("redirect_uri"))
        return str(self.take(Step("go", "GET", url, start=start)))

    def follow(self, url: str) -> str:
        """Open a URL, or a path of the exchange, in the browser; where it leads."""
        return str(self.take(Step("follow", "GET", self._address(url, by_prefix=False))))

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        by_prefix: bool = False,
    ) -> Any:
        """Call a path of the exchange; its JSON answer."""
        url = self._address(path, by_prefix=by_prefix)
        url = f"{url}?{urlencode(query)}" if query else url
        return self.take(Step("call", method, url, {**_JSON, **(headers or {})}, json))

    def _address(self, url: str, *, by_prefix: bool) -> str:
        if "://" in url or self._exchange is None:
            return url
        return self._mount.at(self._exchange.slug, by_prefix=by_prefix).url(url)


def read_location(location: str) -> Callback:
    """The callback that a redirect is; its parameters are in the query or in the fragment."""
    parts = urlsplit(location)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parse_qsl(parts.fragment, keep_blank_values=True)]
    return Callback(location, dict(pairs))


def without_query(url: str) -> str:
    """The URL as a redirect URI is compared: without its query and its fragment."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
