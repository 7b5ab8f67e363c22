"""A browser without JavaScript inside the sandbox: it calls the sandbox's own WSGI application, and keeps cookies.

Decides nothing: who signs in, and what is pressed, is walking.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import current_app, request
from werkzeug.test import Client, TestResponse

from sandbox.service import APPROVAL, FLOW

_NAME = "idp-sandbox"


@dataclass
class Form:
    """A form as it would be sent if nobody changed it: `buttons` is `{id: (name, value)}`."""

    id: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether it has a field of this name."""
        return any(name == known for known, _ in self.fields)


class Browser:
    """Redirects are not followed. `approval` decides who signs in, `flow` is what all requests belong to.

    `cookies` are what it has from before, as JSON, and later what it has by then.
    """

    def __init__(self, approval: str, flow: str, cookies: Iterable[Mapping[str, str]] = ()) -> None:
        self._client = Client(current_app.wsgi_app)
        self.cookies: list[dict[str, str]] = []
        for cookie in cookies:
            self._keep(dict(cookie))
        self._at = request.base_url
        own = request.environ
        self._environ: dict[str, Any] = {APPROVAL: approval, FLOW: flow}
        # Rooms count callers by address, and tell by the port what is an address of the sandbox.
        self._environ |= {name: own[name] for name in ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT") if name in own}

    def open(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        form: list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """The answer to a request to one of the sandbox's own addresses. Raises OSError if the connection breaks."""
        self._at = urljoin(self._at, url)
        parts = urlsplit(self._at)
        data: dict[str, list[str]] = {}
        for name, value in form or ():
            data.setdefault(name, []).append(value)
        body: dict[str, Any] = {"json": json} if json is not None else {}
        if form is not None:
            body = {"data": data}
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        # A context of its own: else this request would share database session and all of `g` with the one under way.
        with current_app.app_context():
            answer = self._client.open(
                target,
                method=method,
                base_url=f"{parts.scheme}://{parts.netloc}",
                headers={"User-Agent": _NAME, **(headers or {})},
                environ_overrides=self._environ,
                buffered=True,
                **body,
            )
        for header in answer.headers.getlist("Set-Cookie"):
            for cookie in _read_cookie(header, parts.hostname or ""):
                self._remember(cookie)
        return answer

    def press(self, form: Form, button: str, typed: Mapping[str, str]) -> TestResponse:
        """Press the button of a form, with what was typed into its fields."""
        name, value = form.buttons[button]
        fields = [(known, typed.get(known, held)) for known, held in form.fields]
        return self.open("POST", form.action, form=[*fields, *([(name, value)] if name else [])])

    def _keep(self, cookie: dict[str, str]) -> None:
        self._remember(cookie)
        self._client.set_cookie(cookie["name"], cookie["value"], domain=cookie["host"], path=cookie["path"])

    def _remember(self, cookie: dict[str, str]) -> None:
        same = ("name", "host", "path")
        self.cookies = [one for one in self.cookies if any(one[part] != cookie[part] for part in same)]
        if cookie["value"]:
            self.cookies.append(cookie)


def _read_cookie(header: str, host: str) -> Iterator[dict[str, str]]:
    """What a Set-Cookie header sets; one that takes a cookie away sets it to nothing."""
    try:
        morsels = SimpleCookie(header)
    except CookieError:
        return
    for name, morsel in morsels.items():
        value = "" if morsel["max-age"] == "0" else morsel.value
        yield {"name": name, "value": value, "host": host, "path": morsel["path"] or "/"}


def read_forms(page: TestResponse) -> list[Form]:
    """The forms of a page; of anything else there are none."""
    return parse_forms(page.text) if page.mimetype == "text/html" else []


def parse_forms(html: str) -> list[Form]:
    """The forms in the text of a page that have a button."""
    parser = _Forms()
    parser.feed(html)
    return list(_sendable(parser.forms))


def _sendable(forms: list[Form]) -> Iterator[Form]:
    yield from (form for form in forms if form.buttons)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("id", ""), given.get("action", "")))
            self._is_open = True
        elif self._is_open and tag == "button" and given.get("type", "submit") == "submit":
            self.forms[-1].buttons[given.get("id", "")] = (given.get("name", ""), given.get("value", ""))
        elif self._is_open and tag == "input" and given.get("name"):
            is_ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if is_ticked:
                self.forms[-1].fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag != "form"
