"""A person at a browser without JavaScript: opens a page over HTTP, presses its buttons, and stops at the callback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter

from tests.support.forms import find_form, submit


class HostsFile(HTTPAdapter):
    """Leads every request to one server, whatever host it names: what a line in a hosts file does."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.headers["Host"] = str(parts.netloc)
        request.url = self._origin + str(parts._replace(scheme="", netloc="").geturl())
        return super().send(request, *args, **kwargs)


class Person:
    """Signs in under one login. Redirects are not followed, so that nobody but the test calls the callback."""

    def __init__(self, login: str, browser: requests.Session) -> None:
        self._login = login
        self._browser = browser

    @classmethod
    @contextmanager
    def at_a_browser(
        cls, login: str, hosts_file: HostsFile | None = None, ca_file: str | Path | None = None
    ) -> Iterator[Self]:
        """A person with a fresh browser; over https it trusts the certificate authority in `ca_file`."""
        with requests.Session() as browser:
            if ca_file:
                # What a variable of the environment names would come first.
                browser.trust_env, browser.verify = False, str(ca_file)
            if hosts_file:
                browser.mount("http://", hosts_file)
            yield cls(login, browser)

    def sign_in(self, authorize_url: str, decision: str = "allow") -> str:
        """Choose the account and press `allow` or `deny`, as far as asked; returns the callback URL."""
        answer: Any = self._browser.get(authorize_url, allow_redirects=False)
        for button in (f"as-{self._login}", decision):
            if answer.status_code == 200 and f'id="{button}"' in answer.text:
                answer = submit(self, answer, button)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def sign_in_by_form(self, authorize_url: str, decision: str = "allow") -> dict[str, str]:
        """The same where the answer is posted to the callback; returns what the form holds."""
        page: Any = self._browser.get(authorize_url, allow_redirects=False)
        for button in (f"as-{self._login}", decision):
            if f'id="{button}"' in page.text:
                page = submit(self, page, button)
        return dict(find_form(page.text, "continue")[1])

    def let_device_in(self, verification_uri: str, user_code: str, decision: str = "allow") -> None:
        """Type the code that a device shows, sign in, and press `allow` or `deny`."""
        page: Any = self._browser.get(verification_uri)
        page = submit(self, page, "continue", user_code=user_code)
        page = submit(self, page, f"as-{self._login}")
        if f'id="{decision}"' in page.text:
            page = submit(self, page, decision)
        assert page.status_code == 200, page.text

    def follow(self, url: str) -> str:
        """Open a URL at which nothing is asked; returns where it leads."""
        answer = self.get(url)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def revoke(self, connections_url: str) -> None:
        """Take back what was granted to an application, on its page in the settings."""
        page = submit(self, self._browser.get(connections_url), f"revoke-{self._login}")
        assert page.status_code == 200, page.text

    def get(self, url: str) -> requests.Response:
        """Open a URL, and see where it leads."""
        return self._browser.get(url, allow_redirects=False)

    def post(self, url: str, data: dict[str, list[str]]) -> requests.Response:
        """Send a form, as `submit` does."""
        return self._browser.post(url, data=data, allow_redirects=False)


def query(url: str) -> dict[str, str]:
    """The query parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
