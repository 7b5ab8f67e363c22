"""Codes that go out by e-mail. Nothing is sent: every code is the one of the fixture.

For which purpose a code is good is its caller's.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.codes import check_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import SLUG

SIGN_IN, VERIFY, RESET = "otp_sign_in", "otp_verify", "otp_reset"


def send_code(world: World, purpose: str, email: str) -> None:
    """Pretend to send a code; one that was sent before is good no more."""
    world.store.put(
        tables.Code,
        digest=digest(_value(purpose, email)),
        service=SLUG,
        kind=purpose,
        client_id="",
        login=email,
        flow=world.ids.text(16),
        data={},
        expires_at=world.now() + world.settings[SLUG]["otp_ttl"],
        redeemed_at=None,
    )


def spend_code(world: World, purpose: str, email: str, otp: str) -> None:
    """Use up the code that was sent to an address.

    Raises Refusal: OTP_WRONG, CODE_UNKNOWN, CODE_ALREADY_REDEEMED, CODE_EXPIRED.
    """
    code = check_code(world, _value(purpose, email), service=SLUG, kind=purpose, client_id="")
    if not same_secret(world.settings[SLUG]["otp_code"], otp):
        raise Refusal(Reason.OTP_WRONG, f"not the code that was sent to {email}", "otp")
    redeem_code(world, code)


def _value(purpose: str, email: str) -> str:
    return f"{SLUG} {purpose} {email.lower()}"
