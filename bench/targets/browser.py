"""As much of a browser as signing in on a mock's own page needs: cookies and a redirect at a time."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

_PATIENCE = 10


class Browser:
    """Keeps cookies whatever their path; follows redirects of the server to itself, no other."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = HTTPConnection(host, port, timeout=_PATIENCE)
        self._cookies: dict[str, str] = {}

    def open(self, method: str, path: str, form: str = "") -> str:
        """Ask for a path, with a form if there is one, and follow where it leads.

        Returns the path that answered, or the URL of the redirect that left the server. Raises OSError if there is no
        answer.
        """
        for _ in range(10):
            headers = {"Cookie": self.cookies(), "Content-Type": "application/x-www-form-urlencoded"}
            self._connection.request(method, path, form, headers)
            answer = self._connection.getresponse()
            answer.read()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            target = urlsplit(answer.headers.get("Location") or "")
            if not target.path:
                return path
            if target.netloc not in ("", f"{self._connection.host}:{self._connection.port}"):
                return target.geturl()
            method, form, path = "GET", "", f"{target.path}?{target.query}".removesuffix("?")
        raise OSError(f"redirected without end, last to {path}")

    def cookies(self, prefix: str = "") -> str:
        """The cookies whose names begin so, as a header's value."""
        return "; ".join(
            f"{name}={value}" for name, value in self._cookies.items() if name.startswith(prefix) and value
        )
