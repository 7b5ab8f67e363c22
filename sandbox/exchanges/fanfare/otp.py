"""One-time codes by e-mail and text message: six digits, in the mailbox of the world.

For whom a code lets in is rules.py's.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.codes import check_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.mailbox import deliver
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.fanfare.models import SLUG, Address, Organization

_KIND = "one_time_password"
_DIGITS = 6
_ATTEMPTS = 5


def send_code(world: World, organization: Organization, address: Address, name: str | None) -> None:
    """Send a code; one that was sent before is good no more. `name` is kept for whom the code will make."""
    settings = world.settings[SLUG]
    otp = settings["otp_code"] or world.ids.digits(_DIGITS)
    flow = world.ids.text(16)
    world.entry.note(flow=flow)
    world.store.put(
        tables.Code,
        digest=digest(_value(organization, address)),
        service=SLUG,
        kind=_KIND,
        client_id=organization.id,
        login=address.value,
        flow=flow,
        data={"otp": digest(otp), "name": name},
        expires_at=world.now() + settings["otp_ttl"],
        redeemed_at=None,
    )
    minutes = settings["otp_ttl"] // 60
    life = f"{minutes} minutes" if minutes > 1 else f"{settings['otp_ttl']} seconds"
    text = f"Your verification code is {otp}. It expires in {life}."
    deliver(world, service=SLUG, to=address.value, subject="Your verification code", text=text)


def spend_code(world: World, organization: Organization, address: Address, otp: str) -> str | None:
    """Use up the code that was sent to an address; returns the name that came with the request for it.

    Raises Refusal: CODE_UNKNOWN, CODE_ALREADY_REDEEMED, CODE_EXPIRED, LIMIT_REACHED, OTP_WRONG.
    """
    code = check_code(world, _value(organization, address), service=SLUG, kind=_KIND, client_id=organization.id)
    name = f"{SLUG} otp {code.flow}"
    tried = world.store.count_up(tables.Counter, "used", name=name, window_at=0, expires_at=code.expires_at)
    if tried > _ATTEMPTS:
        raise Refusal(Reason.LIMIT_REACHED, f"the code was tried {_ATTEMPTS} times before", "code")
    if not same_secret(code.data["otp"], digest(otp)):
        raise Refusal(Reason.OTP_WRONG, f"not the code that was sent to {address.value}", "code")
    redeem_code(world, code)
    wanted: str | None = code.data["name"]
    return wanted


def _value(organization: Organization, address: Address) -> str:
    return f"{SLUG} {organization.id} {address.kind} {address.value}"
