"""What the cloud's API decides: whose password it is."""

from __future__ import annotations

from sandbox.core.compare import same_secret
from sandbox.core.identities import check_active
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.insforge_cloud.people import find_by_email


def check_password(world: World, email: str, password: str) -> str:
    """Whose address and password these are; of several who share an address, the first whom the password fits.

    Raises Refusal: IDENTITY_UNKNOWN, PASSWORD_WRONG, IDENTITY_DEACTIVATED.
    """
    named = find_by_email(world, email)
    if not named:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"nobody's primary e-mail is {email!r}", "email")
    fitting = [identity for identity in named if same_secret(identity.password, password)]
    if not fitting:
        raise Refusal(Reason.PASSWORD_WRONG, f"not the password of {named[0].login}", "password")
    identity = next((one for one in fitting if not one.deactivated), fitting[0])
    world.entry.note(login=identity.login)
    check_active(identity)
    return identity.login
