"""What the cloud decides about project-authorization codes: who gets one, what it says, and whether it is good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core import jwts
from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.flows import mark
from sandbox.core.ids import ALPHANUMERIC
from sandbox.core.keys import Key, secret_key
from sandbox.core.keysets import published_keys, signing_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.insforge_cloud.codes import wire
from sandbox.providers.insforge_cloud.codes.models import ALGORITHM, Mint, ProjectCode
from sandbox.providers.insforge_cloud.people import SLUG, get_user
from sandbox.providers.insforge_cloud.projects import Project, find_partner, get_project

OPAQUE_PREFIX = "iac_"
PROJECT_AUTHORIZATION = "project_authorization"
_BASE64URL = ALPHANUMERIC + "-_"


def authorize_partner(world: World, partner_id: str, project_id: str, secret: str | None) -> ProjectCode:
    """A code for a partner's project, in the name of its owner.

    Raises Refusal: CLIENT_SECRET_MISSING, CLIENT_UNKNOWN, CLIENT_SECRET_WRONG, OBJECT_UNKNOWN, PERMISSION_DENIED.
    """
    if not secret:
        raise Refusal(Reason.CLIENT_SECRET_MISSING, "there is no X-Partnership-Secret", "X-Partnership-Secret")
    partner = find_partner(world, partner_id)
    if partner is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, f"no partner {partner_id!r} in the fixture")
    world.entry.note(client_id=partner_id)
    if not same_secret(partner["secret"], secret):
        raise Refusal(Reason.CLIENT_SECRET_WRONG, f"not the secret of {partner_id}", "X-Partnership-Secret")
    project = get_project(world, project_id)
    if project.partner != partner_id:
        raise Refusal(Reason.PERMISSION_DENIED, f"{project_id} belongs to {project.partner or 'no partner'}")
    return authorize_user(world, project, project.owner)


def authorize_user(world: World, project: Project, login: str) -> ProjectCode:
    """A code that lets this person into a project. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED."""
    user = get_user(world, login)
    world.entry.note(flow=world.ids.text(16), login=login)
    return mint_code(world, Mint(project.id, user.id, user.email))


def mint_code(world: World, mint: Mint) -> ProjectCode:
    """Any code at all, true or false."""
    claims = {name: value for name, value in wire.code_claims(mint, world.now()).items() if name not in mint.omit}
    if mint.opaque:
        return ProjectCode(_keep(world, mint, claims), mint.ttl)
    code = jwts.issue(world, "code", claims, _key(world, mint))
    mark(world, code)
    return ProjectCode(code, mint.ttl)


def redeem_opaque(world: World, code: str, project_id: str) -> str:
    """Swap an opaque code, once, for the signed one that it stands for.

    Raises Refusal: CODE_UNKNOWN, CODE_OF_ANOTHER_CLIENT if it is another project's, CODE_ALREADY_REDEEMED,
    CODE_EXPIRED.
    """
    found = check_code(world, code, service=SLUG, kind=PROJECT_AUTHORIZATION, client_id=project_id)
    redeem_code(world, found)
    return jwts.issue(world, "code", dict(found.data), signing_key(world, SLUG, ALGORITHM))


def public_keys(world: World) -> list[Mapping[str, Any]]:
    """The key set: the key that signs, and those that did before."""
    return [key.jwk for key in published_keys(world, SLUG, (ALGORITHM,))]


def _keep(world: World, mint: Mint, claims: Mapping[str, Any]) -> str:
    code = OPAQUE_PREFIX + world.ids.text(43, _BASE64URL)
    issue_code(
        world,
        code,
        service=SLUG,
        kind=PROJECT_AUTHORIZATION,
        client_id=mint.project_id,
        login=world.entry.login or "",
        ttl=mint.ttl,
        flow=world.entry.flow or world.ids.text(16),
        data=dict(claims),
    )
    return code


def _key(world: World, mint: Mint) -> Key:
    match mint.algorithm:
        case "none":
            key = Key("", "none", None, None)
        case "HS256":
            key = secret_key(world.settings[SLUG]["secret"])
        case "ES256":
            key = signing_key(world, SLUG, "ES256")
        case algorithm:
            key = replace(signing_key(world, SLUG, ALGORITHM), algorithm=algorithm)
    if mint.rogue_key and mint.algorithm not in ("none", "HS256"):
        # It claims to be the published one.
        stranger = signing_key(world, f"{SLUG}/rogue", "ES256" if mint.algorithm == "ES256" else ALGORITHM)
        key = replace(key, signing=stranger.signing)
    return key if mint.kid is None else replace(key, kid=mint.kid)
