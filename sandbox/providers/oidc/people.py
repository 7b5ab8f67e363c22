"""Fixture persons as subjects: their `sub` and all their claims, from one source for every token and answer."""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.identities import check_active, find_identity, list_identities, primary_email, search_identities
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.oidc.issuers import SLUG


def subject(identity: tables.Identity) -> str:
    """The person's `sub`: the fixture's, or else the login, the same at every issuer and in every run."""
    return str(identity.attributes[SLUG]["subject"] or identity.login)


def claims_of(identity: tables.Identity) -> dict[str, Any]:
    """Every claim there is of a person, standard ones and others; which of them are released, scopes say."""
    words = (identity.name or "").split()
    primary = primary_email(identity)
    return {
        "name": identity.name,
        "given_name": words[0] if len(words) > 1 else None,
        "family_name": words[-1] if len(words) > 1 else None,
        "preferred_username": identity.login,
        "email": primary["email"] if primary else None,
        "email_verified": primary["verified"] if primary else None,
        **identity.attributes[SLUG]["claims"],
    }


def find_by_subject(world: World, sub: str) -> tables.Identity | None:
    """The person with this `sub`, or None."""
    named = find_identity(world, sub)
    if named is not None and subject(named) == sub:
        return named
    return next((person for person in list_identities(world) if subject(person) == sub), None)


def find_by_hint(world: World, hint: str | None) -> tables.Identity | None:
    """The person whom a login_hint means, by login or address, or None: no hint is ever an error."""
    if not hint:
        return None
    named = find_identity(world, hint)
    if named is not None:
        return named
    return next(
        (
            person
            for person in search_identities(world, hint)
            if any(email["email"].lower() == hint.lower() for email in person.emails)
        ),
        None,
    )


def can_sign_in(world: World, login: str) -> bool:
    """Whether there is such a person, who is not deactivated."""
    identity = find_identity(world, login)
    return identity is not None and not identity.deactivated


def get_active(world: World, login: str) -> tables.Identity:
    """The person with this login, who may sign in. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED."""
    identity = find_identity(world, login)
    if identity is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"no identity {login!r} in this world's fixture")
    check_active(identity)
    return identity
