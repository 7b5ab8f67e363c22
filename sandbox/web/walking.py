"""A person's way through a login without a browser of their own: every step is a request that the sandbox answers.

What a room needs to be asked is the room's to say; what is refused on the way ends it.
"""

from __future__ import annotations

import json as text
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from sandbox.core.refusals import Reason
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart
from sandbox.mounts import Mount
from sandbox.service import Service
from sandbox.web.browsing import Browser, Form, read_forms

Decision = Literal["allow", "deny"]

# Signing in, consent and a device make four; what is longer goes in circles.
_MOST_STEPS = 10
_FORM_POST = "form-post"
_MOST_TEXT = 10_000
_JSON = {"Accept": "application/json"}


class StoppedError(Exception):
    """The way ends here: a provider or an exchange has refused. `leg` is the request, `answer` what it was told."""

    def __init__(self, leg: str, answer: Mapping[str, Any], reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.leg, self.answer, self.reason, self.detail = leg, answer, reason, detail


@dataclass(frozen=True)
class Callback:
    """What a provider sends to an application: `url` as the browser is sent there, None where there is no browser.

    A form that is posted there has its parameters in no URL.
    """

    url: str | None
    parameters: Mapping[str, str]


class _Told(dict[str, Any]):
    """What an answer holds; whoever reads what it does not hold, stops there."""

    def __init__(self, members: Mapping[str, Any], stopped: StoppedError) -> None:
        super().__init__(members)
        self._stopped = stopped

    def __missing__(self, name: str) -> Any:
        self._stopped.detail = f"the answer has no {name}"
        raise self._stopped


class Walker:
    """The steps of one walk: a `sandbox.headless.Walk`.

    `exchange` is None for a sign-in alone. `start` and `back` are the last sign-in, as it began and as it ended.
    """

    def __init__(
        self,
        world: World,
        mount: Mount,
        provider: Service,
        exchange: Service | None,
        request: LoginRequest,
        *,
        decision: Decision = "allow",
    ) -> None:
        self.world, self.request, self.provider = world, request, provider.slug
        self._mount, self._provider, self._exchange = mount, provider, exchange
        self._decision = decision
        self.flow = world.ids.text(16)
        approval = f"always={request.login}" if decision == "allow" else "ask"
        self._browser = Browser(approval, self.flow)
        self.start: LoginStart | None = None
        self.back = Callback(None, {})
        self._leg = ""

    def sign_in(self, **chosen: Any) -> Mapping[str, str]:
        """Sign in at the provider; the parameters of its callback. `chosen` is for what the request leaves out.

        Raises StoppedError, and Refusal as the provider's `begin_login`.
        """
        if self._provider.begin_login is None:
            raise LookupError(f"{self.provider} signs nobody in")
        given = {each.name: getattr(self.request, each.name) for each in fields(LoginRequest)}
        changes = {name: value for name, value in chosen.items() if not given[name]}
        changes["parameters"] = {**chosen.get("parameters", {}), **self.request.parameters}
        asked = replace(self.request, **changes)
        mount = self._mount.at(self.provider, by_prefix=self._provider.by_prefix)
        answer = self._begin(self._provider.begin_login(self.world, mount, asked))
        return _Told(self.back.parameters, self._stopped(answer, self.back))

    def redeem(self) -> dict[str, Any]:
        """Swap the code of the last sign-in at the provider's token endpoint. Raises StoppedError."""
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
        form = [(name, value) for name, value in given.items() if value]
        tokens: dict[str, Any] = self._read(self._open("POST", start.token_url, form=form, headers=_JSON))
        return tokens

    def go(self, url: str) -> str:
        """Sign in where an exchange has sent the browser; the whole URL of the callback. Raises StoppedError."""
        query = dict(parse_qsl(urlsplit(url).query))
        self._begin(LoginStart(url, query.get("client_id", ""), redirect_uri=query.get("redirect_uri")))
        return self.back.url or ""

    def follow(self, url: str) -> str:
        """Open a URL, or a path of the exchange, in the browser; where it leads. Raises StoppedError."""
        answer = self._open("GET", self._address(url, by_prefix=False))
        location = answer.headers.get("Location", "")
        told = dict(parse_qsl(urlsplit(location).query))
        if answer.status_code >= 400 or not location or "error" in told:
            raise self._stopped(answer)
        return location

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
        """Call a path of the exchange; its JSON answer. Raises StoppedError."""
        url = self._address(path, by_prefix=by_prefix)
        url = f"{url}?{urlencode(query)}" if query else url
        return self._read(self._open(method, url, json=json, headers={**_JSON, **(headers or {})}))

    def _begin(self, start: LoginStart) -> TestResponse:
        """The answer with which the sign-in began."""
        self.start = start
        answer = self._open("GET", start.url)
        if start.leads:
            answer = self._open("GET", str(self._read(answer)[start.leads]))
        self.back = self._get_through(answer, start)
        if "error" in self.back.parameters and self._decision == "allow":
            raise self._stopped(answer, self.back)
        return answer

    def _get_through(self, answer: TestResponse, start: LoginStart) -> Callback:
        """Press what a person would, until the browser is sent back to the application. Raises StoppedError."""
        for _ in range(_MOST_STEPS):
            if answer.status_code >= 400:
                break
            if location := answer.headers.get("Location"):
                if self._is_callback(location, start):
                    return _read_location(location)
                answer = self._open("GET", location)
                continue
            forms = read_forms(answer)
            if posted := next((form for form in forms if form.id == _FORM_POST), None):
                return Callback(posted.action, dict(posted.fields))
            pressed = self._choose_button(forms, start)
            if pressed is None:
                return self._collect(answer, start)
            answer = self._press(*pressed, start)
        raise self._stopped(answer)

    def _choose_button(self, forms: list[Form], start: LoginStart) -> tuple[Form, str] | None:
        """The button that a person presses here: the own account, or else what was decided; None if there is none."""
        if start.typed:
            typing = next((form for form in forms if all(form.has(name) for name in start.typed)), None)
            if typing is not None:
                return typing, next(iter(typing.buttons))
        own = (f"as-{self.request.login}",) if self._decision == "allow" else ()
        for button in (*own, self._decision):
            for form in forms:
                if button in form.buttons:
                    return form, button
        # Where too many are listed, one types.
        return next(((form, "continue") for form in forms if form.has("login") and "continue" in form.buttons), None)

    def _press(self, form: Form, button: str, start: LoginStart) -> TestResponse:
        self._leg = f"POST {form.action}"
        try:
            return self._browser.press(form, button, {**start.typed, "login": self.request.login})
        except (OSError, ValueError) as error:
            raise self._broken(error) from error

    def _collect(self, answer: TestResponse, start: LoginStart) -> Callback:
        """The end of a sign-in that no application waits for. Raises StoppedError if this is no end."""
        if start.collect:
            told = self._read(self._open("POST", start.collect))
            return Callback(None, {name: str(value) for name, value in told.items()})
        if start.typed and answer.status_code == 200:
            return Callback(None, {})
        raise self._stopped(answer)

    def _open(self, method: str, url: str, **more: Any) -> TestResponse:
        self._leg = f"{method} {url.partition('?')[0]}"
        try:
            return self._browser.open(method, url, **more)
        except (OSError, ValueError) as error:
            raise self._broken(error) from error

    def _read(self, answer: TestResponse) -> Any:
        """The JSON of a good answer. Raises StoppedError."""
        body = _body(answer)
        if answer.status_code >= 400 or not isinstance(body, dict) or "error" in body:
            raise self._stopped(answer)
        return _Told(body, self._stopped(answer))

    def _address(self, url: str, *, by_prefix: bool) -> str:
        if "://" in url or self._exchange is None:
            return url
        return self._mount.at(self._exchange.slug, by_prefix=by_prefix).url(url)

    def _is_callback(self, location: str, start: LoginStart) -> bool:
        own = location.startswith(("/", f"{self._mount.origin}{self._mount.world_prefix}/"))
        return not own or _without_query(location) == _without_query(start.redirect_uri or "")

    def _stopped(self, answer: TestResponse, back: Callback | None = None) -> StoppedError:
        reason, _, detail = answer.headers.get("X-Sandbox-Reason", "").partition("; ")
        told: dict[str, Any] = {"status": answer.status_code, "body": _body(answer)}
        if location := back.url if back else answer.headers.get("Location"):
            told["location"] = location
        if back is not None:
            told["parameters"] = dict(back.parameters)
        detail = detail or "the login does not go on from here"
        known = Reason(reason) if reason in Reason.__members__ else Reason.PROVIDER_FAILED
        return StoppedError(self._leg, told, known, detail)

    def _broken(self, error: Exception) -> StoppedError:
        told = {"status": None, "body": None}
        return StoppedError(self._leg, told, Reason.PROVIDER_FAILED, f"there is no answer: {error}")


def _body(answer: TestResponse) -> Any:
    """What an answer says: JSON as such, anything else as text."""
    content = answer.get_data(as_text=True)
    try:
        return text.loads(content)
    except ValueError:
        return content[:_MOST_TEXT] or None


def _read_location(location: str) -> Callback:
    """The callback that a redirect is; its parameters are in the query or in the fragment."""
    parts = urlsplit(location)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parse_qsl(parts.fragment, keep_blank_values=True)]
    return Callback(location, dict(pairs))


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()
