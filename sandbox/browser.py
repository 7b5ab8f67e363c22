"""What rooms share towards a person's browser: answers to a client, forms that only our own pages post, cookies.

Decides nothing about logins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Response, after_this_request, make_response, render_template, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol import sessions
from sandbox.protocol.redirects import origin
from sandbox.protocol.responses import AuthorizationResponse
from sandbox.service import current_mount, current_world

# In a policy a semicolon begins another directive and a comma another policy, and a URI may have both in its authority.
_SOURCE = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|(\*\.)?[A-Za-z0-9._-]+)(:[0-9]+)?")
_NOBODY, _SELF = "'none'", "'self'"


def send_back(response: AuthorizationResponse) -> Response:
    """The answer to a client: a redirect, or the page of form_post, which works without JavaScript too."""
    if response.mode != "form_post":
        return redirect_to(response.location)
    page = make_response(
        render_template("form_post.html", action=response.redirect_uri, parameters=response.parameters)
    )
    return let_load(page, script=True)


def let_load(
    page: Response,
    *,
    script: bool = False,
    pictures: Iterable[str] = (),
    calls: Iterable[str] = (),
    frames: Iterable[str] = (),
    framed_by: Iterable[str] = (),
    tells_origin: bool = False,
) -> Response:
    """Let a page load what others may not: the sandbox's own scripts, and what is at these URLs or at `'self'`.

    With `tells_origin` the pages that it frames or opens learn its origin (Referer), so that they can speak to it.
    """
    policy = {
        "default-src": [_NOBODY],
        "style-src": [_SELF],
        "img-src": [_SELF, "data:", *_sources(pictures)],
        "script-src": [_SELF] if script else [],
        "connect-src": _sources(calls),
        "base-uri": [_NOBODY],
        "frame-ancestors": _sources(framed_by) or [_NOBODY],
        "frame-src": _sources(frames),
    }
    directives = (f"{name} {' '.join(sources)}" for name, sources in policy.items() if sources)
    page.headers["Content-Security-Policy"] = "; ".join(directives)
    if tells_origin:
        page.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return page


def signed_out(
    frames: Iterable[str], next_url: str | None, *, template: str = "signed_out.html", **named: str | None
) -> Response:
    """The page at the end of a session: it loads the logout pages of clients, and goes on to `next_url`.

    `named` is what the template calls the provider by: `vendor`, `place`.
    """
    page = make_response(render_template(template, frames=frames, next_url=next_url, **named))
    return let_load(page, script=True, frames=frames)


def redirect_to(uri: str) -> Response:
    """A 302 to exactly this URI."""
    return Response(status=302, headers={"Location": uri})


def check_same_origin() -> None:
    """Refuse a form that another site's page posted. Raises Refusal: PERMISSION_DENIED."""
    # Browsers send Sec-Fetch-Site to trustworthy origins only (https, localhost), and Origin with every form. What
    # sends neither is no browser.
    site, sender = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and sender is not None:
        ours = (current_mount().origin, request.host_url.rstrip("/"))
        site = "same-origin" if sender in ours else sender
    if site not in (None, "same-origin", "none"):
        raise Refusal(Reason.PERMISSION_DENIED, f"the form was posted from another site ({site})")


def session_cookie(slug: str) -> str | None:
    """The value of the browser's session cookie at a room, or None."""
    return request.cookies.get(_cookie_name(slug))


def renew_session(slug: str, service: str, held: str, path: str, *, max_age: int | None = None) -> None:
    """Somebody has signed in: the sessions of the browser that holds `held` move to a new cookie.

    What another page or person has planted as a cookie is then worth nothing (session fixation). The browser sends the
    new one back to everything below `path` of the room's URL space; it gets it with this request's answer, be that a
    refusal. It keeps the cookie for `max_age` seconds, or until it is closed.
    """
    value, secure = held, _is_https()
    if held == session_cookie(slug):
        value = new_cookie()
        sessions.move_sessions(current_world(), service, held, value)
    where = urlsplit(current_mount().url(path)).path or "/"

    @after_this_request
    def keep(response: Response) -> Response:
        # Silent renewal runs in an iframe of the client's page, which no Lax cookie reaches.
        same_site = "None" if secure else "Lax"
        name = _cookie_name(slug)
        response.set_cookie(name, value, max_age=max_age, path=where, httponly=True, secure=secure, samesite=same_site)
        return response


def remembered(ttl: int) -> int | None:
    """How long a browser keeps the cookie of a session of `ttl` seconds: as long, if the person has ticked the box."""
    return ttl if request.form.get("remember") else None


def new_cookie() -> str:
    """A value that nobody guesses."""
    return current_world().ids.text(43)


def _cookie_name(slug: str) -> str:
    # Ports share cookies, and what https has set http may not overwrite: each has its own.
    return f"{slug}_session{'_tls' if _is_https() else ''}"


def _sources(urls: Iterable[str]) -> list[str]:
    """The origins of these URLs, as far as a policy can name them."""
    named = {url if url == _SELF else origin(url) for url in urls}
    return sorted(source for source in named if source == _SELF or _SOURCE.fullmatch(source))


def _is_https() -> bool:
    return current_mount().origin.startswith("https://")
