"""Outside OpenID Providers as a client of theirs: discovery, the way to their pages, and the redemption of codes.

Calls only the origins that it is given, follows no redirects, and keeps nothing.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.turns import given_up
from sandbox.protocol import outgoing
from sandbox.protocol.redirects import is_safe, with_query

if TYPE_CHECKING:
    import requests

WELL_KNOWN = "/.well-known/openid-configuration"
# What the errors of RFC 6749 section 5.2 mean to whoever holds the code; anything else is between us and the issuer.
_ERRORS = {"invalid_grant": Reason.CODE_UNKNOWN, "invalid_client": Reason.CLIENT_SECRET_WRONG}


@dataclass(frozen=True)
class Client:
    """A client at an outside issuer; a public one has no secret."""

    client_id: str
    secret: str | None


def discover(url: str, network: Collection[str]) -> dict[str, Any]:
    """The discovery document of the issuer `url` (OIDC Discovery section 4).

    Raises Refusal: OUTSIDE_ADDRESS_REFUSED, PROVIDER_FAILED.
    """
    document = outgoing.fetch_json(url.removesuffix("/") + WELL_KNOWN, network, failed=Reason.PROVIDER_FAILED)
    # Section 4.3: it MUST be the very same text, or one issuer could speak for another.
    if document.get("issuer") != url:
        raise Refusal(Reason.PROVIDER_FAILED, f"the issuer at {url} calls itself {document.get('issuer')!r}", "issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        endpoint = document.get(name)
        if not isinstance(endpoint, str) or not endpoint.startswith(("https://", "http://")) or not is_safe(endpoint):
            raise Refusal(Reason.PROVIDER_FAILED, f"the discovery of {url} has no {name}: {endpoint!r}", name)
    return document


def authorization_url(document: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
    """Where a browser begins an authorization request; it alone goes there."""
    return with_query(document["authorization_endpoint"], parameters)


def redeem(
    document: Mapping[str, Any], client: Client, given: Mapping[str, str | None], network: Collection[str]
) -> dict[str, Any]:
    """Swap a code at the token endpoint; `given` are code, redirect_uri and code_verifier, as far as there are.

    The answer has an access_token, and the id_token is text where there is one. Raises Refusal: CODE_UNKNOWN,
    CLIENT_SECRET_WRONG, CLIENT_SECRET_MISSING, CLIENT_AUTH_METHOD_WRONG, PROVIDER_FAILED, OUTSIDE_ADDRESS_REFUSED.
    """
    # Imported here: most sandboxes never call anyone.
    import requests  # noqa: PLC0415
    from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # noqa: PLC0415
    from authlib.integrations.requests_client import (  # type: ignore[import-untyped]  # noqa: PLC0415
        OAuth2Session,
    )

    url: str = document["token_endpoint"]
    outgoing.check_allowed(url, network)
    parameters = {name: value for name, value in given.items() if value is not None}
    _check_text(parameters)
    method = _auth_method(document, client)
    try:
        with given_up(), OAuth2Session(client.client_id, client.secret, token_endpoint_auth_method=method) as session:
            session.register_compliance_hook("access_token_response", _bounded)
            answer = session.fetch_token(
                url,
                grant_type="authorization_code",
                timeout=outgoing.TIMEOUT,
                allow_redirects=False,
                stream=True,
                **parameters,
            )
    except OAuthError as error:
        reason = _ERRORS.get(str(error.error), Reason.PROVIDER_FAILED)
        if reason is Reason.CLIENT_SECRET_WRONG and client.secret is None:
            reason = Reason.CLIENT_SECRET_MISSING
        raise Refusal(reason, f"{url} answered {error.error}: {error.description or 'no description'}") from error
    except (requests.RequestException, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(Reason.PROVIDER_FAILED, f"{url} gave no tokens: {type(error).__name__}: {error}") from error
    return _check_answer(url, answer)


def _check_answer(url: str, answer: object) -> dict[str, Any]:
    tokens = answer if isinstance(answer, dict) else {}
    access_token, id_token = tokens.get("access_token"), tokens.get("id_token")
    if not isinstance(access_token, str) or not access_token or not (id_token is None or isinstance(id_token, str)):
        raise Refusal(
            Reason.PROVIDER_FAILED, f"{url} answered with no access_token, or with an id_token that is no text"
        )
    return tokens


def _auth_method(document: Mapping[str, Any], client: Client) -> str:
    if client.secret is None:
        return "none"
    # What a document leaves out is client_secret_basic (OIDC Discovery section 3).
    supported = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    for method in ("client_secret_basic", "client_secret_post"):
        if isinstance(supported, list) and method in supported:
            return method
    raise Refusal(
        Reason.CLIENT_AUTH_METHOD_WRONG,
        f"{document['issuer']} takes no client secret, only {supported!r}",
        "client_secret",
    )


def _check_text(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Refusal(
                Reason.CODE_UNKNOWN, f"the {name} holds half a character; nobody issued that", name
            ) from error


def _bounded(response: requests.Response) -> requests.Response:
    """The streamed answer of a token endpoint with no more body than is allowed."""
    with response:
        if not (200 <= response.status_code < 300 or 400 <= response.status_code < 500):
            raise ValueError(f"it answered {response.status_code}")
        body = outgoing.read_body(response)
    # It is decoded already: what the headers say of its encoding holds no more.
    response.headers.pop("Content-Encoding", None)
    response.raw = io.BytesIO(body)
    return response
