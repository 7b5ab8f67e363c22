"""What the cloud decides about shared keys: which backends may use them, and who comes back to them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from sandbox.core import tables
from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import is_loopback_name
from sandbox.protocol import authorization
from sandbox.protocol.authorization import AuthorizationRequest, Transaction, told_by_redirect
from sandbox.protocol.redirects import is_safe
from sandbox.providers.insforge_cloud.people import SLUG, find_by_hint
from sandbox.providers.insforge_cloud.shared.models import PROVIDERS

CALLBACK = "/api/auth/oauth/shared/callback/"
# The application that the cloud lends; no fixture registers it.
SHARED = "insforge-shared"


def begin(world: World, provider: str, redirect_uri: str | None) -> str:
    """Keep a backend's request until a person has signed in; the id of the transaction.

    Raises Refusal: PROVIDER_UNSUPPORTED, FIELD_MISSING, REDIRECT_URI_MISMATCH.
    """
    _check_provider(provider)
    if not redirect_uri:
        raise Refusal(Reason.FIELD_MISSING, "the request has no redirect_uri", "redirect_uri")
    if not is_callback(redirect_uri, world.settings[SLUG]["callback_hosts"]):
        raise Refusal(
            Reason.REDIRECT_URI_MISMATCH,
            f"{redirect_uri} is no backend's {CALLBACK}… on this machine or on one of the fixture's callback_hosts",
            "redirect_uri",
        )
    asked = AuthorizationRequest(
        SHARED, redirect_uri, redirect_uri_given=True, response_mode="shared", extra={"provider": provider}
    )
    return authorization.keep(world, authorization.begin(world, SLUG, asked, flow=world.entry.flow, by_client=False))


def get_begun(world: World, provider: str, transaction_id: str) -> Transaction:
    """The request that waits. Raises Refusal: PROVIDER_UNSUPPORTED, and the reasons of `get_transaction`."""
    _check_provider(provider)
    transaction = authorization.get_transaction(world, SLUG, transaction_id)
    if transaction.request.extra.get("provider") != provider:
        raise Refusal(Reason.TRANSACTION_UNKNOWN, f"no sign-in with this transaction id was begun at {provider}")
    return transaction


def automatic_login(world: World, policy: str, login_hint: str | None) -> str | None:
    """Who signs in without a page: whoever is hinted at, whatever the policy, since backends pass hints on."""
    hinted = find_by_hint(world, login_hint)
    if hinted is not None and not hinted.deactivated:
        return hinted.login
    return authorization.automatic_login(world, policy, None)


def allow(world: World, transaction: Transaction, login: str) -> tables.Identity:
    """This person signs in. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED, TRANSACTION_ALREADY_DECIDED."""
    authorization.decide(world, authorization.choose_identity(world, transaction, login))
    return get_identity(world, login)


def deny(world: World, transaction: Transaction) -> None:
    """The person refused. Raises Refusal: TRANSACTION_ALREADY_DECIDED; RedirectRefusal: ACCESS_DENIED."""
    authorization.decide(world, transaction)
    with told_by_redirect(transaction.request.address):
        raise Refusal(Reason.ACCESS_DENIED, "the person pressed Cancel")


def is_callback(uri: str, hosts: list[str]) -> bool:
    """Whether a browser may be sent there: a backend's callback for shared keys, on this machine or a named host."""
    if not is_safe(uri):
        return False
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or CALLBACK not in parts.path:
        return False
    # Dot segments, encoded or not, would lead elsewhere.
    if {".", ".."} & set(unquote(parts.path).split("/")):
        return False
    host = (parts.hostname or "").lower()
    return is_loopback_name(host) or host in hosts


def _check_provider(provider: str) -> None:
    if provider not in PROVIDERS:
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"no provider is called {provider!r}", "provider")
