"""The endpoints that clients call over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol.dpop import check_proof
from sandbox.protocol.parameters import get_parameter
from sandbox.providers.oidc.clients import authenticate, get_issuers_client, is_public, is_registered
from sandbox.providers.oidc.context import check_dpop, current_issuer
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.login.device_rules import begin_device
from sandbox.providers.oidc.misbehaving import TOKENS
from sandbox.providers.oidc.token import rules, wire
from sandbox.providers.oidc.token.grants import GRANTS, TokenRequest
from sandbox.providers.oidc.tokens import Grant
from sandbox.service import current_world


def token(issuer: str) -> Response:
    """POST /oidc/{issuer}/token: swap a grant for tokens."""
    here, parameters = current_issuer(issuer), wire.parse_form()
    client = _authenticate(here, parameters, "/token")
    grant_type = _grant_type(client, parameters)
    asked = TokenRequest(here, client, parameters, check_dpop(here, client, here.endpoint("/token")))
    world = current_world()
    answer = wire.token_answer(GRANTS[grant_type](world, asked))
    return wire.render_tokens(here.misbehaviour.said(world, TOKENS, answer))


def userinfo(issuer: str) -> Response:
    """GET and POST /oidc/{issuer}/userinfo: the claims of the person behind an access token."""
    world, here = current_world(), current_issuer(issuer)
    value, scheme = wire.parse_bearer()
    presented = rules.get_bearer(world, here, value)
    _check_possession(here, presented, value, scheme)
    claims = rules.userinfo(world, here, presented)
    algorithm = get_issuers_client(world, here, presented.client_id).settings["userinfo_signed_response_alg"]
    if algorithm is None:
        return wire.render_userinfo(claims)
    signed = {**claims, "iss": here.url, "aud": presented.client_id}
    return wire.render_signed_userinfo(world, signed, here.signing_key(world, algorithm))


def introspect(issuer: str) -> Response:
    """POST /oidc/{issuer}/introspect: what a token is worth (RFC 7662)."""
    here, parameters = current_issuer(issuer), wire.parse_form()
    client = _authenticate(here, parameters, "/introspect")
    if is_public(client) and is_registered(client):
        raise Refusal(Reason.CLIENT_SECRET_MISSING, f"{client.client_id} cannot prove who it is", "client_secret")
    return wire.render_introspection(rules.introspect(current_world(), here, get_parameter(parameters, "token")))


def revoke(issuer: str) -> Response:
    """POST /oidc/{issuer}/revoke: a client needs a token no more (RFC 7009)."""
    here, parameters = current_issuer(issuer), wire.parse_form()
    client = _authenticate(here, parameters, "/revoke")
    rules.revoke(current_world(), here, client, get_parameter(parameters, "token"))
    return Response(status=200)


def device_authorization(issuer: str) -> Response:
    """POST /oidc/{issuer}/device_authorization: begin a device login (RFC 8628)."""
    here, parameters = current_issuer(issuer), wire.parse_form()
    client = _authenticate(here, parameters, "/device_authorization")
    answer = begin_device(current_world(), here, client, parameters.get("scope", ""))
    return wire.render_device(answer, here.endpoint("/device"))


def register_token(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.post("/oidc/<issuer>/token")(token)
    room.route("/oidc/<issuer>/userinfo", methods=["GET", "POST"])(userinfo)
    room.post("/oidc/<issuer>/introspect")(introspect)
    room.post("/oidc/<issuer>/revoke")(revoke)
    room.post("/oidc/<issuer>/device_authorization")(device_authorization)


def _authenticate(here: Issuer, parameters: dict[str, str], path: str) -> tables.Client:
    header = request.headers.get("Authorization")
    return authenticate(current_world(), here, header, parameters, here.endpoint(path))


def _grant_type(client: tables.Client, parameters: dict[str, str]) -> str:
    grant_type = get_parameter(parameters, "grant_type")
    if grant_type not in GRANTS:
        raise Refusal(Reason.GRANT_TYPE_UNSUPPORTED, f"no grant is called {grant_type!r}", "grant_type")
    if grant_type not in client.settings["grant_types"]:
        raise Refusal(Reason.GRANT_TYPE_NOT_ALLOWED, f"{client.client_id} may not use {grant_type}", "grant_type")
    return grant_type


def _check_possession(here: Issuer, presented: tables.Token, value: str, scheme: str) -> None:
    """A token that is bound to a key comes with a proof of it (RFC 9449 section 7.1)."""
    jkt = Grant.restore(presented).jkt
    if jkt is None and scheme != "dpop":
        return
    proofs = request.headers.getlist("DPoP")
    endpoint = here.endpoint("/userinfo")
    proven = check_proof(current_world(), proofs, method=request.method, url=endpoint, access_token=value)
    if jkt != proven or scheme != "dpop":
        raise Refusal(Reason.DPOP_PROOF_INVALID, "the token is bound to another key, or not sent by the scheme DPoP")
