"""How an exchange relies on an OpenID issuer: one of the sandbox's own, asked in-process, or an outside one over HTTP.

Outside issuers are called at the origins that a fixture allows and nowhere else. Whether an id_token's iss, aud and
nonce are right is for the exchange to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import request

from sandbox.core.flows import mark
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import Mount, is_loopback_name
from sandbox.protocol import outgoing, outside_issuers, outside_keys
from sandbox.service import Redemption, Upstream, UpstreamTokens, current_house, current_mount, reached_by

_PORTS = {"http": 80, "https": 443}


class OpenIdIssuer(Protocol):
    """An OpenID Provider, as a client registered there uses it."""

    @property
    def url(self) -> str:
        """The issuer identifier, which `iss` of its id_tokens must be."""

    def authorization_url(self, world: World, parameters: Mapping[str, str]) -> str:
        """Where a browser begins an authorization request with these parameters (response_type, client_id, ...).

        Raises Refusal: PROVIDER_FAILED.
        """

    def redeem(self, world: World, redemption: Redemption) -> UpstreamTokens:
        """Swap an authorization code. A public client has no `client_secret`.

        Raises Refusal: in-process as the token endpoint would; over HTTP CODE_UNKNOWN for invalid_grant,
        CLIENT_SECRET_WRONG or CLIENT_SECRET_MISSING for invalid_client, CLIENT_AUTH_METHOD_WRONG, PROVIDER_FAILED,
        OUTSIDE_ADDRESS_REFUSED.
        """

    def verify(self, world: World, id_token: str) -> dict[str, Any]:
        """The claims of a token that this issuer signed: signature, exp and nbf are right; iss, aud, nonce unchecked.

        Raises Refusal, whose `field` is the part at fault: the reasons of `Upstream.verify`, OUTSIDE_ADDRESS_REFUSED.
        """


def get_issuer(world: World, reference: str, *, network: Collection[str]) -> OpenIdIssuer:
    """The issuer that a fixture means by `reference`.

    That is one of the sandbox's own by its service (`oidc/main`, `azure/contoso.test`), or an issuer identifier. An
    address of this sandbox is answered in-process, in the way it is written; any other must have its origin in
    `network`. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED, OUTSIDE_ADDRESS_REFUSED.
    """
    if "://" not in reference:
        slug, _, name = reference.partition("/")
        upstream = current_house().upstreams.get(slug)
        if upstream is None or not name:
            raise Refusal(Reason.ISSUER_UNKNOWN, f"no provider has an issuer {reference!r}", "issuer")
        return _own(world, upstream, name, _front_door())
    if _is_ours(reference, network):
        return _find_own(world, reference)
    outgoing.check_allowed(reference, network)
    return _OutsideIssuer(reference, network)


def verify_by_jwks(world: World, token: str, jwks_uri: str, *, network: Collection[str]) -> dict[str, Any]:
    """The claims of a token that a key at `jwks_uri` signed, where a fixture has no issuer but this address.

    Raises Refusal: as `OpenIdIssuer.verify`, and ISSUER_UNKNOWN for an address of this sandbox that no issuer has.
    """
    if _is_ours(jwks_uri, network):
        return _find_own(world, jwks_uri).verify(world, token)
    outgoing.check_allowed(jwks_uri, network)
    return outside_keys.verify(
        world, token, jwks_uri, lambda: outgoing.fetch_json(jwks_uri, network, failed=Reason.PROVIDER_FAILED)
    )


@dataclass(frozen=True)
class _OwnIssuer:
    """An issuer of this sandbox: the same rules as over HTTP at the way in `mount`, without the HTTP."""

    url: str
    name: str
    upstream: Upstream
    mount: Mount

    def authorization_url(self, world: World, parameters: Mapping[str, str]) -> str:
        if "state" in parameters:
            mark(world, parameters["state"])
        with reached_by(self.mount):
            return self.upstream.authorization_url(world, self.name, parameters)

    def redeem(self, world: World, redemption: Redemption) -> UpstreamTokens:
        with reached_by(self.mount):
            return self.upstream.redeem(world, redemption, issuer=self.name)

    def verify(self, world: World, id_token: str) -> dict[str, Any]:
        with reached_by(self.mount):
            return dict(self.upstream.verify(world, id_token, issuer=self.name))


@dataclass
class _OutsideIssuer:
    """An issuer elsewhere; it is discovered when that is first needed."""

    url: str
    network: Collection[str]
    _document: Mapping[str, Any] | None = None

    def authorization_url(self, world: World, parameters: Mapping[str, str]) -> str:  # noqa: ARG002 - as all issuers
        return outside_issuers.authorization_url(self._discovered(), parameters)

    def redeem(self, world: World, redemption: Redemption) -> UpstreamTokens:  # noqa: ARG002 - as all issuers
        given = asdict(redemption)
        client = outside_issuers.Client(given.pop("client_id"), given.pop("client_secret"))
        answer = outside_issuers.redeem(self._discovered(), client, given, self.network)
        return UpstreamTokens(answer["access_token"], answer.get("id_token"))

    def verify(self, world: World, id_token: str) -> dict[str, Any]:
        return outside_keys.verify(world, id_token, self.url, self._fetch_keys)

    def _discovered(self) -> Mapping[str, Any]:
        if self._document is None:
            self._document = outside_issuers.discover(self.url, self.network)
        return self._document

    def _fetch_keys(self) -> Mapping[str, Any]:
        return outgoing.fetch_json(self._discovered()["jwks_uri"], self.network, failed=Reason.PROVIDER_FAILED)


def _find_own(world: World, url: str) -> OpenIdIssuer:
    """The sandbox's own issuer at an address. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED."""
    sandbox, parts = current_house(), urlsplit(url)
    mount, path = sandbox.mounts.resolve(parts.scheme, parts.netloc, parts.path)
    upstream = sandbox.upstreams.get(mount.slug or "")
    if upstream is not None and mount.world == world.name and not parts.query and not parts.fragment:
        with reached_by(mount):
            name = upstream.find_issuer(world, mount.url(path.removeprefix(f"/{mount.slug}")))
        if name is not None:
            return _own(world, upstream, name, mount)
    raise Refusal(Reason.ISSUER_UNKNOWN, f"no issuer of this sandbox is at {url}", "issuer")


def _own(world: World, upstream: Upstream, name: str, mount: Mount) -> OpenIdIssuer:
    with reached_by(mount):
        return _OwnIssuer(upstream.issuer_url(world, name), name, upstream, mount)


def _front_door() -> Mount:
    """The way in at the root: an issuer has one identifier, whichever way its exchange was reached."""
    mount = current_mount()
    origin = mount.origin
    if mount.begins:
        # The host is one room's own, so no other room has a page there.
        parts = urlsplit(origin)
        port = f":{parts.port}" if parts.port else ""
        origin = current_house().config.public_url or f"{parts.scheme}://localhost{port}"
    return replace(mount, origin=origin, slug=None, by_prefix=False, begins=())


def _is_ours(url: str, network: Collection[str]) -> bool:
    """Whether an address is this sandbox's: it is never called over HTTP, since its only thread may be this one."""
    config = current_house().config
    place = _place(url)
    if place is None:
        return False
    ours = [config.public_url] if config.public_url else []
    # A Host header can name any port of this machine, and what listens there may be an issuer that the fixture allows.
    if place[2] in _ports() or not outgoing.is_allowed(url, network):
        ours += [current_mount().origin, request.host_url]
    if config.tls:
        ours += [f"http://localhost:{config.port}", f"https://localhost:{config.tls_port}"]
    names = {config.host, *config.allowed_hosts, *config.tls_name}
    return any(_is_same(place, other, names) for other in map(_place, ours) if other)


def _ports() -> set[int]:
    """Where this sandbox listens, as far as it knows."""
    config, port = current_house().config, request.environ.get("SERVER_PORT", "")
    ports = {config.port, config.tls_port} if config.tls else {config.port}
    return ports | ({int(port)} if port.isdigit() else set())


def _is_same(place: tuple[str, str, int], other: tuple[str, str, int], names: Collection[str]) -> bool:
    (scheme, name, port), (other_scheme, other_name, other_port) = place, other
    near = is_loopback_name(name) and is_loopback_name(other_name)
    return (scheme, port) == (other_scheme, other_port) and (near or name == other_name or name in names)


def _place(url: str) -> tuple[str, str, int] | None:
    """Scheme, host name and port of an http(s) URL that has no credentials; None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
