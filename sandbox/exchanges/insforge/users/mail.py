"""Codes that go out by e-mail, to the mailbox of the world: every code is the one of the fixture.

For which purpose a code is good is its caller's.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.codes import check_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.mailbox import deliver
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.users import people

SIGN_IN, VERIFY, RESET = "otp_sign_in", "otp_verify", "otp_reset"
_SUBJECTS = {SIGN_IN: "Your sign-in code", VERIFY: "Verify your email", RESET: "Reset your password"}


def send_code(world: World, purpose: str, email: str) -> None:
    """Send a code; one that was sent before is good no more.

    Whoever has not signed up gets no mail but a sign-in code, which signs up as well.
    """
    ttl = world.settings[SLUG]["otp_ttl"]
    world.store.put(
        tables.Code,
        digest=digest(_value(purpose, email)),
        service=SLUG,
        kind=purpose,
        client_id="",
        login=email,
        flow=world.ids.text(16),
        data={},
        expires_at=world.now() + ttl,
        redeemed_at=None,
    )
    if purpose == SIGN_IN or people.find_by_email(world, email):
        text = f"Your code is {world.settings[SLUG]['otp_code']}. It is good once, for {ttl} seconds."
        deliver(world, service=SLUG, to=email.lower(), subject=_SUBJECTS[purpose], text=text)


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
