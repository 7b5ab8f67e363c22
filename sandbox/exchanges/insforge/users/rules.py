"""What InsForge decides about its users: who may sign up, who is let in, and who stays signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import settings
from sandbox.exchanges.insforge.models import SLUG, USER, NewUser, OtpSignIn, PasswordSignIn, Session, User
from sandbox.exchanges.insforge.refusals import invalid
from sandbox.exchanges.insforge.tokens import begin_user_session, check_csrf, read_refresh_token
from sandbox.exchanges.insforge.users import mail, people

_RESET_TOKEN = "reset_token"
_RESET_TTL = 3600
_SPECIAL = "!@#$%^&*()_+-=[]{};':\"\\|,.<>/?`~"


def add_user(world: World, new: NewUser, *, by_admin: bool) -> tuple[User, Session | None]:
    """Make a user; whoever signed up is signed in at once, unless the address is to be verified first.

    Raises Refusal: PERMISSION_DENIED if nobody may sign up, FIELD_INVALID for a weak password, OBJECT_ALREADY_EXISTS.
    """
    config = settings.get_config(world).values
    if not by_admin:
        check_signup(world)
    check_password(config, new.password)
    profile = {"name": new.name} if new.name else {}
    user = people.add_user(
        world, new.email, provider=people.EMAIL, profile=profile, verified=by_admin, password=new.password
    )
    world.entry.note(flow=world.entry.flow or world.ids.text(16), login=user.key)
    if config["require_email_verification"] and not by_admin:
        mail.send_code(world, mail.VERIFY, user.email)
        return user, None
    return user, begin_user_session(world, user)


def sign_in(world: World, asked: PasswordSignIn | OtpSignIn) -> tuple[User, Session]:
    """Let a user in.

    Raises Refusal: IDENTITY_UNKNOWN, PASSWORD_WRONG, EMAIL_UNVERIFIED; by e-mailed code the reasons of `spend_code`,
    and PERMISSION_DENIED for a stranger where nobody may sign up.
    """
    if isinstance(asked, OtpSignIn):
        return _sign_in_by_code(world, asked)
    user = people.find_by_email(world, asked.email)
    if user is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"nobody signed up as {asked.email!r}", "email")
    world.entry.note(flow=world.entry.flow or world.ids.text(16), login=user.key)
    if not same_secret(user.password, people.hidden(user.email, asked.password)):
        raise Refusal(Reason.PASSWORD_WRONG, f"not the password of {user.email}", "password")
    if settings.get_config(world).values["require_email_verification"] and not user.email_verified:
        raise Refusal(Reason.EMAIL_UNVERIFIED, f"{user.email} was never verified")
    return user, begin_user_session(world, user)


def refresh(
    world: World, refresh_token: str | None, *, csrf_token: str | None = None, web: bool
) -> tuple[User, Session]:
    """The session behind a refresh token, gone on with; in a browser a CSRF token goes with it.

    Raises Refusal: TOKEN_MISSING, the reasons of `read_refresh_token`, CSRF_TOKEN_WRONG, IDENTITY_UNKNOWN.
    """
    if refresh_token is None:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no refresh cookie", "Cookie")
    claims = read_refresh_token(world, refresh_token, USER)
    if web:
        check_csrf(world, USER, claims, csrf_token)
    user = people.find_user(world, claims.subject)
    if user is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, "the user of this session was deleted")
    world.entry.note(login=user.key)
    return user, begin_user_session(world, user, claims.nonce)


def get_user(world: World, user_id: str) -> User:
    """The user with this id. Raises Refusal: OBJECT_UNKNOWN."""
    user = people.find_user(world, user_id)
    if user is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no user {user_id!r}", "id")
    return user


def update_profile(world: World, user: User, changed: Mapping[str, Any]) -> User:
    """Change some members of a profile; what they hold is replaced as a whole.

    Raises Refusal: IDENTITY_UNKNOWN if the user was deleted meanwhile.
    """
    people.lock_users(world)
    known = people.find_user(world, user.id)
    if known is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, "the user of this token was deleted")
    new = replace(known, profile={**known.profile, **changed}, updated_at=world.now())
    people.change_user(world, new)
    return new


def send_code(world: World, purpose: str, email: str) -> None:
    """Send a code to the mailbox. Whether anybody has this address is told to nobody."""
    mail.send_code(world, purpose, email)


def verify_email(world: World, email: str, otp: str) -> tuple[User, Session]:
    """Take the code that verifies an address, and let the user in. Raises Refusal: the reasons of `spend_code`."""
    mail.spend_code(world, mail.VERIFY, email, otp)
    people.lock_users(world)
    user = people.find_by_email(world, email)
    if user is None:
        raise Refusal(Reason.CODE_UNKNOWN, f"nobody signed up as {email!r}", "email")
    verified = replace(user, email_verified=True, updated_at=world.now())
    people.change_user(world, verified)
    return verified, begin_user_session(world, verified)


def exchange_reset_code(world: World, email: str, otp: str) -> tuple[str, int]:
    """Swap an e-mailed code for a token that sets a new password, and when that expires.

    Raises Refusal: the reasons of `spend_code`.
    """
    mail.spend_code(world, mail.RESET, email, otp)
    token = world.ids.hex(64)
    flow = world.entry.flow or ""
    issue_code(
        world, token, service=SLUG, kind=_RESET_TOKEN, client_id="", login=email, ttl=_RESET_TTL, flow=flow, data={}
    )
    return token, world.now() + _RESET_TTL


def reset_password(world: World, token: str, password: str) -> None:
    """Set a new password. Raises Refusal: FIELD_INVALID for a weak one, and the reasons of codes."""
    check_password(settings.get_config(world).values, password)
    code = check_code(world, token, service=SLUG, kind=_RESET_TOKEN, client_id="")
    people.lock_users(world)
    user = people.find_by_email(world, code.login)
    if user is None:
        raise Refusal(Reason.CODE_UNKNOWN, f"nobody signed up as {code.login!r}")
    redeem_code(world, code)
    people.change_user(
        world, replace(user, password=people.hidden(user.email, password), email_verified=True, updated_at=world.now())
    )


def check_signup(world: World) -> None:
    """Refuse somebody new where nobody may sign up. Raises Refusal: PERMISSION_DENIED."""
    if settings.get_config(world).values["disable_signup"]:
        raise Refusal(Reason.PERMISSION_DENIED, "the configuration has disableSignup on")


def check_password(config: Mapping[str, Any], password: str) -> None:
    """Hold a password against the configuration. Raises Refusal: FIELD_INVALID."""
    wanted = {
        f"at least {config['password_min_length']} characters long": len(password) >= config["password_min_length"],
        "at least one number": not config["require_number"] or any(char.isdigit() for char in password),
        "at least one lowercase letter": not config["require_lowercase"] or any(char.islower() for char in password),
        "at least one uppercase letter": not config["require_uppercase"] or any(char.isupper() for char in password),
        "at least one special character": not config["require_special_char"] or bool(set(password) & set(_SPECIAL)),
    }
    rules = ("", "require_number", "require_lowercase", "require_uppercase", "require_special_char")
    if not all(wanted.values()):
        told = [text for text, rule in zip(wanted, rules, strict=True) if not rule or config[rule]]
        raise invalid(f"Password must contain {', '.join(told)}", "password")


def _sign_in_by_code(world: World, asked: OtpSignIn) -> tuple[User, Session]:
    mail.spend_code(world, mail.SIGN_IN, asked.email, asked.otp)
    people.lock_users(world)
    user = people.find_by_email(world, asked.email)
    if user is None:
        check_signup(world)
        profile = {"name": asked.name} if asked.name else {}
        user = people.add_user(world, asked.email, provider=people.EMAIL, profile=profile, verified=True)
    elif not user.email_verified:
        user = replace(user, email_verified=True, updated_at=world.now())
        people.change_user(world, user)
    return user, begin_user_session(world, user)
