"""The legs to a provider: where the browser goes, and who came back. The providers are rooms of this sandbox.

The browser is sent to the room's own pages; the code is swapped in-process, by the same rules as over HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import CLOUD, SLUG
from sandbox.exchanges.insforge.settings import OAuthConfig
from sandbox.mounts import Mount, is_loopback_name
from sandbox.service import Redemption, UpstreamUser, current_house, current_mount

# An issuer's name, in the address of its discovery document.
_DISCOVERY = re.compile(r"(?:/w/[^/]+)?(?:/oidc)?/oidc/([^/]+)/\.well-known/openid-configuration")
GOOGLE = "google"


@dataclass(frozen=True)
class Leg:
    """A provider as this sandbox has it: the room, the page that begins a sign-in, and what is asked for there.

    `service` is where the application is registered, `issuer` tells which of a room's issuers is meant.
    """

    room: str
    service: str
    path: str
    scopes: tuple[str, ...]
    issuer: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


_CODE = (("response_type", "code"),)
_OPENID = ("openid", "profile", "email")
BUILT_IN = {
    "github": Leg("github", "github", "/login/oauth/authorize", ("user:email",)),
    "microsoft": Leg(
        "azure",
        "azure",
        "/common/oauth2/v2.0/authorize",
        ("openid", "email", "profile", "offline_access", "User.Read"),
        extra=_CODE,
    ),
    # An issuer plays Google: it has no room of its own.
    GOOGLE: Leg(
        "oidc",
        "oidc/google",
        "/oidc/google/authorize",
        _OPENID,
        issuer=GOOGLE,
        extra=(*_CODE, ("access_type", "offline")),
    ),
}


@dataclass(frozen=True)
class Person:
    """Who came back, as the provider tells it."""

    subject: str
    email: str
    name: str | None
    picture: str | None


def built_in_leg(provider: str) -> Leg:
    """The leg to a built-in provider. Raises Refusal: PROVIDER_NOT_IMPLEMENTED if no room plays it."""
    if provider not in BUILT_IN:
        raise Refusal(Reason.PROVIDER_NOT_IMPLEMENTED, f"no room of the sandbox plays {provider}", provider)
    return BUILT_IN[provider]


def custom_leg(config: OAuthConfig) -> Leg:
    """The leg to a custom provider, an issuer of this sandbox. Raises Refusal: OUTSIDE_ADDRESS_REFUSED."""
    name = config.issuer or _issuer_at(config.discovery_endpoint or "")
    if name is None:
        raise Refusal(
            Reason.OUTSIDE_ADDRESS_REFUSED,
            f"{config.discovery_endpoint} is no issuer of this sandbox, and no other is ever called",
            config.discovery_endpoint,
        )
    return Leg("oidc", f"oidc/{name}", f"/oidc/{name}/authorize", _OPENID, issuer=name, extra=_CODE)


def discovery_url(mount: Mount, config: OAuthConfig) -> str:
    """Where a custom provider is discovered."""
    return config.discovery_endpoint or mount.at("oidc").url(f"/oidc/{config.issuer}/.well-known/openid-configuration")


def callback_url(world: World, path: str) -> str:
    """Where a provider sends the browser back: below the backend's own address, as it is configured."""
    base = world.settings[SLUG]["api_base_url"]
    if base:
        return f"{base.rstrip('/')}{path}"
    # One address for all ways in, since applications are registered with one: at the root, and on localhost.
    mount = current_mount()
    parts = urlsplit(mount.origin)
    name = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    origin = f"{parts.scheme}://localhost{port}" if is_loopback_name(name) else mount.origin
    return replace(mount, origin=origin, by_prefix=False, begins=()).url(path)


def authorize_url(leg: Leg) -> str:
    """The page of the provider, in the way this request came in."""
    return current_mount().at(leg.room).url(leg.path)


def shared_url(world: World, provider: str, state: str) -> str:
    """Where a sign-in by an application of InsForge Cloud begins. Raises Refusal: the reasons of `Upstream.lend`."""
    callback = callback_url(world, f"/api/auth/oauth/shared/callback/{state}")
    return current_house().upstreams[CLOUD].lend(world, provider, redirect_uri=callback)


def come_back(
    world: World, leg: Leg, config: OAuthConfig, *, code: str, redirect_uri: str, code_verifier: str | None = None
) -> UpstreamUser:
    """Swap the code, and ask who that is.

    Raises Refusal: the reasons of `Upstream.redeem` and `Upstream.look_up`.
    """
    upstream = current_house().upstreams[leg.room]
    # In-process nobody authenticates; a wrong secret in the configuration must be noticed all the same.
    redemption = Redemption(code, config.client_id or "", config.client_secret, redirect_uri, code_verifier)
    tokens = upstream.redeem(world, redemption, issuer=leg.issuer)
    return upstream.look_up(world, tokens.access_token, issuer=leg.issuer)


def describe_person(provider: str, known: UpstreamUser) -> Person:
    """The person as the backend takes it from this provider. Raises Refusal: FIELD_INVALID if there is no address."""
    email = known.address
    if provider == "github":
        email = known.email or f"{known.handle}@users.noreply.github.com"
    elif provider == "microsoft":
        email = known.address or known.handle
    if not email:
        raise Refusal(Reason.FIELD_INVALID, f"{provider} tells of no e-mail address", "email")
    return Person(known.subject, email, known.name or known.handle or None, known.picture)


def _issuer_at(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        # Brackets that hold no address, for one.
        return None
    ours = urlsplit(current_mount().origin)
    here = is_loopback_name((parts.hostname or "").lower()) or parts.hostname == ours.hostname
    match = _DISCOVERY.fullmatch(parts.path)
    return match[1] if match and here and parts.scheme in ("http", "https") else None
