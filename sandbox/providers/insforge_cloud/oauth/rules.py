"""What the cloud decides about a client's sign-in: which requests it takes, and what the answer is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.identities import check_active, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import approval, authorization, consents
from sandbox.protocol.authorization import AuthorizationRequest, ReturnAddress, Transaction, told_by_redirect
from sandbox.protocol.grants import device_code
from sandbox.protocol.parameters import get_parameter
from sandbox.protocol.pkce import S256, check_challenge
from sandbox.protocol.redirects import is_safe
from sandbox.providers.insforge_cloud.oauth.tokens import SCOPES
from sandbox.providers.insforge_cloud.people import SLUG

CODE_TTL = 600
DEVICE_TTL = 900
DEVICE_INTERVAL = 5
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class DeviceAnswer:
    """The answer that starts a device login; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int = DEVICE_TTL
    interval: int = DEVICE_INTERVAL


def check_authorization(world: World, given: dict[str, str]) -> AuthorizationRequest:
    """Check an authorization request, of which every parameter is required.

    Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, REDIRECT_URI_MISMATCH; RedirectRefusal: FIELD_MISSING,
    RESPONSE_TYPE_UNSUPPORTED, SCOPE_INVALID, CHALLENGE_INVALID.
    """
    client = get_client(world, SLUG, get_parameter(given, "client_id"))
    redirect_uri = get_parameter(given, "redirect_uri")
    if not is_registered(client, redirect_uri):
        raise Refusal(
            Reason.REDIRECT_URI_MISMATCH, f"{redirect_uri} is not registered for {client.client_id}", "redirect_uri"
        )
    with told_by_redirect(ReturnAddress(client.client_id, redirect_uri, given.get("state"))):
        if get_parameter(given, "response_type") != "code":
            raise Refusal(Reason.RESPONSE_TYPE_UNSUPPORTED, "response_type must be code", "response_type")
        scopes = parse_scopes(get_parameter(given, "scope"))
        get_parameter(given, "state")
        challenge, method = get_parameter(given, "code_challenge"), get_parameter(given, "code_challenge_method")
        check_challenge(challenge, method, methods=(S256,))
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_uri_given=True,
        scopes=scopes,
        scope_given=True,
        state=given["state"],
        code_challenge=challenge,
        code_challenge_method=method,
        login_hint=given.get("login_hint"),
    )


def is_registered(client: tables.Client, redirect_uri: str) -> bool:
    """Whether a redirect URI is one of the client's: exactly, but for the port of a loopback one (RFC 8252)."""
    if not is_safe(redirect_uri):
        return False
    asked = urlsplit(redirect_uri)
    for registered in client.redirect_uris:
        known = urlsplit(registered)
        is_loopback = known.scheme == "http" and known.hostname in _LOOPBACK and asked.hostname == known.hostname
        # As text, so that nothing but the port differs.
        if redirect_uri == registered or (is_loopback and asked._replace(netloc="") == known._replace(netloc="")):
            return True
    return False


def parse_scopes(text: str) -> tuple[str, ...]:
    """The scopes asked for, in order and each once. Raises Refusal: SCOPE_INVALID."""
    scopes = tuple(dict.fromkeys(text.split()))
    for scope in scopes:
        if scope not in SCOPES:
            raise Refusal(Reason.SCOPE_INVALID, f"no scope is called {scope!r}; there are {', '.join(SCOPES)}", "scope")
    return scopes


def needs_consent(world: World, transaction: Transaction, login: str) -> bool:
    """Whether this person must be asked: a device's request always, others once for each scope."""
    asked = transaction.request
    granted = consents.granted_scopes(world, SLUG, asked.client_id, login)
    return "user_code" in asked.extra or granted is None or not set(asked.scopes) <= set(granted)


def allow(world: World, transaction: Transaction, login: str, scopes: tuple[str, ...]) -> str | None:
    """Grant `scopes` and answer: returns the code, or None if it is a device that waits.

    Raises Refusal: IDENTITY_DEACTIVATED, TRANSACTION_ALREADY_DECIDED, USER_CODE_UNKNOWN.
    """
    check_active(get_identity(world, login))
    if approval.allow(world, SLUG, transaction, login, scopes, merge=_in_order):
        return None
    code = world.ids.text(43)
    authorization.issue_authorization_code(
        world, SLUG, transaction, code=code, login=login, scopes=scopes, ttl=CODE_TTL
    )
    return code


def begin_device(world: World, client_id: str, scope: str) -> DeviceAnswer:
    """Start a device login. Raises Refusal: CLIENT_UNKNOWN, DEVICE_FLOW_DISABLED, SCOPE_INVALID."""
    client = get_client(world, SLUG, client_id)
    check_device_flow(client)
    answer = DeviceAnswer(world.ids.text(43), device_code.new_user_code(world))
    device_code.begin_device_grant(
        world,
        SLUG,
        client,
        device_code=answer.device_code,
        user_code=answer.user_code,
        scopes=parse_scopes(scope),
        ttl=answer.expires_in,
        interval=answer.interval,
    )
    return answer


def check_device_flow(client: tables.Client) -> None:
    """Refuse a client without the device flow. Raises Refusal: DEVICE_FLOW_DISABLED."""
    if not client.settings["device_flow"]:
        raise Refusal(Reason.DEVICE_FLOW_DISABLED, f"the device flow is off for {client.client_id}", "client_id")


def enter_user_code(world: World, typed: str) -> Transaction:
    """Find the device whose code a person typed, and ask that person to sign in. Raises Refusal: USER_CODE_UNKNOWN."""
    grant = device_code.get_pending_grant(world, SLUG, device_code.parse_user_code(typed))
    return approval.begin_for_device(world, grant)


def _in_order(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope for scope in SCOPES if scope in scopes)
