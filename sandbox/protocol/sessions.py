"""Who is signed in at a provider in which browser: the sessions behind single sign-on, prompt, max_age and logout.

A browser holds one random cookie per provider; each person signed in with it has a session of their own, whose `sid`
is what id_tokens and logout tokens name. Sets no cookie: that is browser.py.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.tables import digest
from sandbox.core.world import World

PASSWORD = ("pwd",)
# What a sign-in by a fixture's button is worth, in the words that discovery lists.
BASIC_ACR = "1"


def list_sessions(world: World, service: str, cookie: str | None) -> list[tables.SignInSession]:
    """The live sessions of a browser, the one used last first."""
    if not cookie:
        return []
    found = world.store.list(
        tables.SignInSession, order=("-used_at", "-auth_time"), service=service, browser=digest(cookie), ended_at=None
    )
    return [session for session in found if world.now() < session.expires_at]


def get_session(world: World, sid: str | None) -> tables.SignInSession | None:
    """The session with this id if it has not ended, or None."""
    session = world.store.find(tables.SignInSession, sid=sid, ended_at=None) if sid else None
    return session if session and world.now() < session.expires_at else None


def sign_in(
    world: World,
    service: str,
    cookie: str,
    login: str,
    *,
    ttl: int,
    acr: str = BASIC_ACR,
    amr: tuple[str, ...] = PASSWORD,
) -> tables.SignInSession:
    """A person has just signed in, in the browser that holds `cookie`; the session, good for `ttl` seconds.

    Whoever is signed in there already keeps the session, with a new auth_time.
    """
    now = world.now()
    fresh = {"auth_time": now, "used_at": now, "expires_at": now + ttl, "acr": acr, "amr": list(amr)}
    for session in list_sessions(world, service, cookie):
        if session.login == login:
            # It may have ended meanwhile, or be another cookie's.
            where = {"sid": session.sid, "browser": session.browser, "ended_at": None}
            if renewed := world.store.claim(tables.SignInSession, fresh, **where):
                return renewed
    return world.store.create(
        tables.SignInSession,
        sid=world.ids.text(32),
        service=service,
        browser=digest(cookie),
        login=login,
        ended_at=None,
        **fresh,
    )


def move_sessions(world: World, service: str, cookie: str, new_cookie: str) -> None:
    """The browser that held `cookie` holds `new_cookie` from now on; whoever else has the old one has nothing."""
    where = {"service": service, "browser": digest(cookie), "ended_at": None}
    world.store.change(tables.SignInSession, {"browser": digest(new_cookie)}, **where)


def use_session(world: World, session: tables.SignInSession, client_id: str) -> None:
    """A client is let in by this session: it will hear of its end, and the person is the browser's first choice."""
    if session.used_at != world.now():
        world.store.change(tables.SignInSession, {"used_at": world.now()}, sid=session.sid)
    world.store.put(tables.SessionClient, sid=session.sid, client_id=client_id)


def session_clients(world: World, sid: str) -> list[str]:
    """The ids of the clients that a session has let in."""
    return [row.client_id for row in world.store.list(tables.SessionClient, order=("client_id",), sid=sid)]


def end_session(world: World, sid: str) -> bool:
    """End a session; tells whether it was live."""
    return bool(world.store.change(tables.SignInSession, {"ended_at": world.now()}, sid=sid, ended_at=None))
