"""RP-Initiated, Front-Channel and Back-Channel Logout 1.0: whose session ends, who hears of it, where to go next."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.identities import find_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import sessions
from sandbox.protocol.id_tokens import verify_hint
from sandbox.protocol.logout import sign_logout_token
from sandbox.protocol.outgoing import post_form
from sandbox.protocol.redirects import with_query
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.people import subject


@dataclass(frozen=True)
class Logout:
    """A logout request. `sid` is the session that the hint names; `next_url` where the browser may go afterwards.

    `fields` is the request as it came, for the page that asks again. `is_confirmed` tells that it need not ask.
    """

    sid: str | None = None
    next_url: str | None = None
    is_confirmed: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def check_logout(world: World, issuer: Issuer, parameters: dict[str, str]) -> Logout:
    """Check who asks. A person is sent on only to an address that is registered for the client of a genuine hint.

    The hint's age does not matter (section 2). Raises Refusal: TOKEN_MALFORMED, TOKEN_SIGNATURE_BAD,
    TOKEN_KEY_UNKNOWN, TOKEN_ISSUER_WRONG, TOKEN_AUDIENCE_WRONG, REDIRECT_URI_MISMATCH.
    """
    hint, target = parameters.get("id_token_hint"), parameters.get("post_logout_redirect_uri")
    fields = {name: parameters[name] for name in parameters if name != "transaction"}
    if hint is None:
        if target is not None:
            raise Refusal(Reason.REDIRECT_URI_MISMATCH, "a redirect after logout needs an id_token_hint")
        return Logout(fields=fields)
    claims = verify_hint(hint, issuer.keys(world), issuer.url)
    audience = claims.get("aud")
    client_id = parameters.get("client_id", str(audience))
    if client_id != audience:
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"the id_token is of {audience}, the request of {client_id}")
    sid = claims["sid"] if isinstance(claims.get("sid"), str) else None
    if target is None:
        return Logout(sid, fields=fields)
    client = find_client(world, issuer.service, client_id)
    if client is None or target not in client.settings["post_logout_redirect_uris"]:
        raise Refusal(
            Reason.REDIRECT_URI_MISMATCH,
            f"{target} is no registered post_logout_redirect_uri of {client_id}",
            "post_logout_redirect_uri",
        )
    return Logout(sid, with_query(target, {"state": parameters.get("state")}), True, fields)


def signed_in(world: World, issuer: Issuer, cookie: str | None) -> list[tables.Identity]:
    """The people who are signed in, in this browser."""
    found = sessions.list_sessions(world, issuer.service, cookie)
    return [person for session in found if (person := find_identity(world, session.login))]


def end_sessions(world: World, issuer: Issuer, asked: Logout, cookie: str | None) -> list[str]:
    """End the session that the request names, or else all of this browser; the addresses to load in iframes."""
    named = sessions.get_session(world, asked.sid)
    if named is not None and named.service == issuer.service:
        found = [named]
    else:
        found = sessions.list_sessions(world, issuer.service, cookie)
    # Clients are told before anything is written: what they call then need not wait for this.
    frames = [frame for session in found for frame in _tell_clients(world, issuer, session)]
    for session in found:
        sessions.end_session(world, session.sid)
    return frames


def _tell_clients(world: World, issuer: Issuer, session: tables.SignInSession) -> list[str]:
    frames = []
    for client_id in sessions.session_clients(world, session.sid):
        client = find_client(world, issuer.service, client_id)
        if client is None:
            continue
        if client.settings["backchannel_logout_uri"]:
            _post_logout_token(world, issuer, client, session)
        if uri := client.settings["frontchannel_logout_uri"]:
            wants_session = client.settings["frontchannel_logout_session_required"]
            frames.append(with_query(uri, {"iss": issuer.url, "sid": session.sid} if wants_session else {}))
    return frames


def _post_logout_token(world: World, issuer: Issuer, client: tables.Client, session: tables.SignInSession) -> None:
    """Tell one client; whether it heard is in the journal, and never stops the logout (Back-Channel section 2.8)."""
    identity = find_identity(world, session.login)
    token = sign_logout_token(
        world,
        issuer.signing_key(world, client.settings["id_token_signed_response_alg"]),
        issuer=issuer.url,
        client_id=client.client_id,
        subject=subject(identity) if identity else session.login,
        sid=session.sid,
    )
    try:
        post_form(client.settings["backchannel_logout_uri"], issuer.network, {"logout_token": token})
        outcome = "told"
    except Refusal as refusal:
        outcome = refusal.detail
    told = world.entry.response.setdefault("backchannel_logout", {})
    told[client.client_id] = outcome
