"""The shapes of discovery, keys, webfinger and registration."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, make_response, render_template, request

from sandbox.core import tables
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.misbehaving import MISBEHAVIOURS

ISSUER_REL = "http://openid.net/specs/connect/1.0/issuer"


def parse_token() -> str | None:
    """The bearer token of a registration request, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def write(document: dict[str, Any]) -> str:
    """A discovery document or a JWK Set (RFC 7517 section 5) as text, to be kept until it changes."""
    text = current_app.json.dumps(document, separators=(",", ":"))
    return f"{text}\n"


def render_text(text: str) -> Response:
    """What `write` has written."""
    return Response(text, mimetype="application/json")


def render_document(document: dict[str, Any]) -> Response:
    """A discovery document or a JWK Set."""
    return render_text(write(document))


def render_misbehaving(start: str) -> Response:
    """The issuers that misbehave, whose URLs begin with `start`."""
    issuers = [
        {"issuer": start + one.name, "summary": one.summary, "obliges": one.obliges} for one in MISBEHAVIOURS.values()
    ]
    # Where both are as welcome, as with */*, the first is taken.
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return make_response(render_template("misbehaving.html", issuers=issuers, start=start))
    return jsonify(issuers=issuers)


def render_webfinger(subject: str, issuer: Issuer) -> Response:
    """Where a person's issuer is (OIDC Discovery section 2)."""
    response = jsonify(subject=subject, links=[{"rel": ISSUER_REL, "href": issuer.url}])
    response.content_type = "application/jrd+json"
    return response


def render_client(
    issuer: Issuer, client: tables.Client, asked: dict[str, Any], token: str, *, status: int = 200
) -> Response:
    """A client's registration (RFC 7591 section 3.2.1, RFC 7592 section 3)."""
    secret = {"client_secret": client.secret, "client_secret_expires_at": 0} if client.secret else {}
    response = jsonify(
        {
            **asked,
            "client_id": client.client_id,
            "client_id_issued_at": client.settings["registration"]["issued_at"],
            **secret,
            "registration_access_token": token,
            "registration_client_uri": issuer.endpoint(f"/register/{client.client_id}"),
        }
    )
    response.status_code = status
    response.headers["Pragma"] = "no-cache"
    return response
