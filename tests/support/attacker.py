"""A client for tests that ask thousands of times, which sends what it is told to as it is.

It follows no redirects, and every request goes to localhost. Werkzeug's own takes each address apart five times and
builds every header anew, which is more than half of what a request takes, and it drops a `Cookie` that a test wrote.
"""

from __future__ import annotations

import json as documents
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from flask import Flask
from flask.wrappers import Request
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests.conftest import HouseClient


class Attacker(HouseClient):
    """A client of `app` that keeps cookies by their name and path."""

    def __init__(self, app: Flask, *, keeps_cookies: bool = True) -> None:
        super().__init__(app, use_cookies=False)
        self._keeps_cookies = keeps_cookies
        self._kept: dict[tuple[str, str], str] = {}

    def open(  # type: ignore[override]  # of the many ways to say a request only those that these tests use
        self,
        target: str,
        *,
        method: str = "GET",
        data: bytes | str = b"",
        json: Any = None,
        query_string: Mapping[str, str] | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send one request; the body of the answer is read when it is asked for."""
        if json is not None:
            data, content_type = documents.dumps(json), "application/json"
        path, _, query = target.removeprefix("http://localhost").partition("?")
        body = data.encode() if isinstance(data, str) else data
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": urlencode(query_string) if query_string else query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": "attacker",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if content_type:
            environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        if cookies := [*self._cookies_for(path), *([environ["HTTP_COOKIE"]] if "HTTP_COOKIE" in environ else [])]:
            environ["HTTP_COOKIE"] = "; ".join(cookies)
        return self._answered(environ, path)

    def _answered(self, environ: dict[str, Any], path: str) -> TestResponse:
        begun: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], None]:
            begun[:] = status, Headers(headers)
            return lambda _: None

        chunks = self.application(environ, begin)
        status, headers = begun
        self._keep(headers.getlist("Set-Cookie"), path)
        return TestResponse(chunks, status, headers, Request(environ))

    def _keep(self, lines: list[str], path: str) -> None:
        for name, cookie in [item for line in lines for item in SimpleCookie(line).items()]:
            where = name, cookie["path"] or path.rpartition("/")[0]
            if cookie.value and self._keeps_cookies:
                self._kept[where] = f"{name}={cookie.coded_value}"
            else:
                self._kept.pop(where, None)

    def _cookies_for(self, path: str) -> list[str]:
        return [cookie for (_, where), cookie in self._kept.items() if path.startswith(where)]
