"""The authorization code grant, RFC 6749 section 4.1.3, with PKCE.

Issues no token: what a room's tokens look like is the room's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.codes import check_code, redeem_code
from sandbox.core.redaction import redact_url
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.authorization import AUTHORIZATION_CODE, AuthorizationRequest
from sandbox.protocol.pkce import check_verifier


@dataclass(frozen=True)
class CodeGrant:
    """A code that its client may redeem, and what it was issued for."""

    code: tables.Code
    login: str
    flow: str
    scopes: tuple[str, ...]
    request: AuthorizationRequest
    sid: str | None


def check_authorization_code(
    world: World,
    service: str,
    client: tables.Client,
    *,
    code: str,
    redirect_uri: str | None,
    code_verifier: str | None,
    is_allowed: Callable[[str], bool],
) -> CodeGrant:
    """Check a redemption in the order code, redirect URI, verifier; nothing is spent by it.

    `is_allowed` is the room's rule for a redirect URI that the authorization request had left out. Raises Refusal:
    the reasons of `check_code`, REDIRECT_URI_MISMATCH, and those of `check_verifier`.
    """
    world.entry.facts["redirect_uri"] = redirect_uri and redact_url(redirect_uri)
    row = check_code(world, code, service=service, kind=AUTHORIZATION_CODE, client_id=client.client_id)
    request = AuthorizationRequest.restore(row.data["request"])
    if redirect_uri:
        same = redirect_uri == request.redirect_uri if request.redirect_uri_given else is_allowed(redirect_uri)
        if not same:
            raise Refusal(
                Reason.REDIRECT_URI_MISMATCH,
                f"the code was sent to {request.redirect_uri}, the redemption names {redirect_uri}",
                "redirect_uri",
            )
    check_verifier(request.code_challenge, request.code_challenge_method, code_verifier)
    return CodeGrant(row, row.login, row.flow, tuple(row.data["scopes"]), request, row.data["sid"])


def redeem_authorization_code(world: World, grant: CodeGrant) -> None:
    """Spend the code. Raises Refusal: CODE_ALREADY_REDEEMED if another was faster."""
    redeem_code(world, grant.code)
