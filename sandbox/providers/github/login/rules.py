"""What GitHub decides about a sign-in: which requests it takes, who is asked for what, and what the answer is."""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.clients import find_client, get_client
from sandbox.core.identities import check_active, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import lock_tokens, revoke_tokens
from sandbox.core.world import World
from sandbox.protocol import approval, authorization, consents, sessions
from sandbox.protocol.authorization import AuthorizationRequest, ReturnAddress, Transaction, told_by_redirect
from sandbox.protocol.pkce import S256, check_challenge
from sandbox.providers.github.login.applications import check_not_suspended, is_allowed_redirect, is_github_app
from sandbox.providers.github.login.parameters import AuthorizeParameters
from sandbox.providers.github.scopes import covers, normalize, parse_scopes, wants_offline
from sandbox.providers.github.tokens import SLUG

CODE_TTL = 600
# Two weeks, as long as the vendor's own.
SESSION_TTL = 1_209_600


def check_authorization(world: World, parameters: AuthorizeParameters) -> AuthorizationRequest:
    """Check an authorization request. What the client did wrong, it is told at its registered callback.

    Raises Refusal: CLIENT_UNKNOWN; RedirectRefusal: CLIENT_SUSPENDED, REDIRECT_URI_MISMATCH, CHALLENGE_INVALID.
    """
    client = get_client(world, SLUG, parameters.client_id)
    registered = str(client.redirect_uris[0])
    with told_by_redirect(ReturnAddress(client.client_id, registered, parameters.state)):
        check_not_suspended(client)
        if parameters.redirect_uri and not is_allowed_redirect(client, parameters.redirect_uri):
            raise Refusal(
                Reason.REDIRECT_URI_MISMATCH,
                f"{parameters.redirect_uri} does not match the registered callback {registered}",
                "redirect_uri",
            )
        _check_pkce(client, parameters)
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=parameters.redirect_uri or registered,
        redirect_uri_given=bool(parameters.redirect_uri),
        scopes=() if is_github_app(client) else normalize(parse_scopes(parameters.scope or "")),
        scope_given=bool(parameters.scope),
        state=parameters.state,
        code_challenge=parameters.code_challenge,
        code_challenge_method=parameters.code_challenge_method,
        login_hint=parameters.login,
        prompt=parameters.prompt,
        extra={"offline": wants_offline(parameters.scope or "")},
    )


def automatic_login(world: World, policy: str, request: AuthorizationRequest) -> str | None:
    """Who signs in without a page, by the sandbox's approval policy; `prompt=select_account` wants a page."""
    if policy == "hint" and request.prompt == "select_account":
        return None
    return authorization.automatic_login(world, policy, request.login_hint)


def sign_in(world: World, transaction: Transaction, login: str, cookie: str) -> Transaction:
    """Let this person sign in, in the browser that holds `cookie`.

    The session only puts the account first on the next page: a sandbox asks each time who signs in. Raises Refusal:
    IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    check_active(get_identity(world, login))
    session = sessions.sign_in(world, SLUG, cookie, login, ttl=SESSION_TTL)
    return authorization.choose_identity(world, transaction, login, session)


def scopes_without_asking(world: World, transaction: Transaction, login: str) -> tuple[str, ...] | None:
    """The scopes to grant at once, or None if the person must be asked.

    A request without scope gets the union of all that was granted before; a request that asks for no more than that
    is not asked again.
    """
    request = transaction.request
    granted = consents.granted_scopes(world, SLUG, request.client_id, login)
    if granted is None:
        return None
    if not request.scope_given:
        return granted
    return request.scopes if all(covers(granted, scope) for scope in request.scopes) else None


def allow(world: World, transaction: Transaction, login: str, scopes: tuple[str, ...]) -> str | None:
    """Grant `scopes` and answer: returns the code, or None if it is a device that waits.

    Raises Refusal: IDENTITY_DEACTIVATED, TRANSACTION_ALREADY_DECIDED, USER_CODE_UNKNOWN.
    """
    check_active(get_identity(world, login))
    if approval.allow(world, SLUG, transaction, login, scopes, merge=normalize):
        return None
    code = world.ids.hex(20)
    authorization.issue_authorization_code(
        world, SLUG, transaction, code=code, login=login, scopes=scopes, ttl=CODE_TTL
    )
    return code


def deny(world: World, transaction: Transaction) -> None:
    """Record that the person refused; a device is told when it polls, an application by redirect at once.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED; RedirectRefusal: ACCESS_DENIED.
    """
    request = transaction.request
    client = get_client(world, SLUG, request.client_id)
    address = ReturnAddress(client.client_id, client.redirect_uris[0], request.state)
    approval.deny(world, SLUG, transaction, address)


def revoke_grant(world: World, client: tables.Client, login: str) -> bool:
    """Take back all that a person granted to a client; its tokens die. Tells whether there was anything."""
    lock_tokens(world, SLUG, login)
    revoked = revoke_tokens(world, service=SLUG, client_id=client.client_id, login=login)
    return consents.forget_consent(world, SLUG, client.client_id, login) or bool(revoked)


def list_grants(world: World, client_id: str) -> list[tables.Consent]:
    """Who has granted this client something, in the order of logins."""
    return world.store.list(tables.Consent, order=("login",), service=SLUG, client_id=client_id)


def rfc9207_iss(world: World, client_id: str) -> bool:
    """Whether this application gets `iss` in its callback (RFC 9207)."""
    client = find_client(world, SLUG, client_id)
    return client is None or bool(client.settings["rfc9207_iss"])


def _check_pkce(client: tables.Client, parameters: AuthorizeParameters) -> None:
    if parameters.code_challenge is not None and parameters.code_challenge_method is None:
        # GitHub has no `plain` for RFC 7636 section 4.3 to fall back to.
        raise Refusal(Reason.CHALLENGE_INVALID, "code_challenge needs a code_challenge_method", "code_challenge_method")
    check_challenge(parameters.code_challenge, parameters.code_challenge_method, methods=(S256,))
    if parameters.code_challenge is None and client.settings["require_pkce"]:
        raise Refusal(Reason.CHALLENGE_INVALID, f"{client.client_id} must use PKCE", "code_challenge")
