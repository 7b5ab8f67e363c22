"""A person's way through a login without a browser of their own: every step is a request that the sandbox answers.

What a room needs to be asked is the room's to say; what is refused on the way ends it.
"""

from __future__ import annotations

import json as text
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from sandbox.core.refusals import Reason
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart
from sandbox.mounts import Mount
from sandbox.service import Service
from sandbox.web.browsing import Browser, Form, read_forms
from sandbox.web.steps import Callback, Step, Verbs, read_location, without_query

Decision = Literal["allow", "deny"]

# Signing in, consent and a device make four; what is longer goes in circles.
_MOST_STEPS = 10
FORM_POST = "form-post"
# Where an answer tells its true cause.
REASON = "X-Sandbox-Reason"
_MOST_TEXT = 10_000


class StoppedError(Exception):
    """The way ends here: a provider or an exchange has refused. `leg` is the request, `answer` what it was told."""

    def __init__(self, leg: str, answer: Mapping[str, Any], reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.leg, self.answer, self.reason, self.detail = leg, answer, reason, detail


class Told(dict[str, Any]):
    """What an answer holds; whoever reads what it does not hold, stops there."""

    def __init__(self, members: Mapping[str, Any], stopped: StoppedError) -> None:
        super().__init__(members)
        self._stopped = stopped

    def __missing__(self, name: str) -> Any:
        self._stopped.detail = f"the answer has no {name}"
        raise self._stopped


@dataclass(frozen=True)
class Seen:
    """A request that was made on the way, and its answer; None if the connection broke."""

    method: str
    url: str
    answer: TestResponse | None


class Walker(Verbs):
    """A walk whose every step is taken at once. Its verbs raise StoppedError where somebody refuses.

    `flow` is what the requests belong to, and `cookies` what its browser has from before. `seen` are the requests that
    were made.
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
        flow: str | None = None,
        cookies: Iterable[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(world, mount, provider, exchange, request)
        self._decision = decision
        self.flow = flow or world.ids.text(16)
        approval = f"always={request.login}" if decision == "allow" else "ask"
        self._browser = Browser(approval, self.flow, cookies)
        self.seen: list[Seen] = []
        self._leg = ""

    @property
    def cookies(self) -> list[dict[str, str]]:
        """What its browser has by now."""
        return self._browser.cookies

    def take(self, step: Step) -> Any:
        """Make the requests of this step; what its verb gives. Raises StoppedError."""
        if step.start is not None:
            answer = self._begin(step.start)
            if step.verb == "go":
                return self.back.url or ""
            return Told(self.back.parameters, self._stopped(answer, self.back))
        form = None if step.form is None else list(step.form)
        answer = self._open(step.method, step.url, json=step.json, form=form, headers=step.headers)
        return self._follow(answer) if step.verb == "follow" else self._read(answer)

    def fetch(self, url: str) -> Any:
        """The JSON object at an address of the sandbox. Raises StoppedError."""
        return self._read(self._open("GET", url))

    def _follow(self, answer: TestResponse) -> str:
        location = answer.headers.get("Location", "")
        told = dict(parse_qsl(urlsplit(location).query))
        # Some show their refusal on a page of the application, and name it in no way that all have in common.
        if answer.status_code >= 400 or not location or "error" in told or REASON in answer.headers:
            raise self._stopped(answer)
        return location

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
                    return read_location(location)
                answer = self._open("GET", location)
                continue
            forms = read_forms(answer)
            if posted := next((form for form in forms if form.id == FORM_POST), None):
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
            answer = self._browser.press(form, button, {**start.typed, "login": self.request.login})
        except (OSError, ValueError) as error:
            self.seen.append(Seen("POST", form.action, None))
            raise self._broken(error) from error
        self.seen.append(Seen("POST", form.action, answer))
        return answer

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
            answer = self._browser.open(method, url, **more)
        except (OSError, ValueError) as error:
            self.seen.append(Seen(method, url, None))
            raise self._broken(error) from error
        self.seen.append(Seen(method, url, answer))
        return answer

    def _read(self, answer: TestResponse) -> Any:
        """The JSON of a good answer. Raises StoppedError."""
        body = body_of(answer)
        if answer.status_code >= 400 or not isinstance(body, dict) or "error" in body:
            raise self._stopped(answer)
        return Told(body, self._stopped(answer))

    def _is_callback(self, location: str, start: LoginStart) -> bool:
        own = location.startswith(("/", f"{self._mount.origin}{self._mount.world_prefix}/"))
        return not own or without_query(location) == without_query(start.redirect_uri or "")

    def _stopped(self, answer: TestResponse, back: Callback | None = None) -> StoppedError:
        reason, _, detail = answer.headers.get(REASON, "").partition("; ")
        told: dict[str, Any] = {"status": answer.status_code, "body": body_of(answer)}
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


def body_of(answer: Response) -> Any:
    """What an answer says: JSON as such, anything else as text."""
    content = answer.get_data(as_text=True)
    try:
        return text.loads(content)
    except ValueError:
        return content[:_MOST_TEXT] or None
