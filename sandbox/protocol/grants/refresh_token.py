"""The refresh token grant, RFC 6749 section 6, with rotation (RFC 9700 section 4.14.2).

Issues no token: what a room's tokens look like is the room's.
"""

from __future__ import annotations

from sandbox.core import tables, tokens
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World


def check_refresh_token(
    world: World, service: str, client: tables.Client, value: str, *, grace: int = 0
) -> tables.Token:
    """Return the refresh token if this client could use it now; nothing is spent by it.

    One that was used within the last `grace` seconds is taken again. Raises Refusal: REFRESH_TOKEN_OF_ANOTHER_CLIENT,
    and the reasons of `tokens.check_refresh_token`.
    """
    # The owner comes first: what has become of a token is nobody else's business.
    token = tokens.find_token(world, value, service=service, kind=tokens.REFRESH)
    if token is not None and token.client_id != client.client_id:
        raise Refusal(
            Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
            f"the refresh token was issued to {token.client_id}, not to {client.client_id}",
        )
    return tokens.check_refresh_token(world, value, service=service, grace=grace)


def rotate_refresh_token(world: World, token: tables.Token) -> None:
    """Spend the refresh token; all that its login has issued so far dies with it.

    Raises Refusal: REFRESH_TOKEN_ALREADY_USED if another was faster.
    """
    tokens.use_refresh_token(world, token)
    tokens.revoke_tokens(world, service=token.service, family=token.family)
