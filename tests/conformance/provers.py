"""For each member of the discovery document: what a client does to find out that an advertised value works.

A prover is given somebody who can register clients at the issuer, and one advertised value. It fails if that does not
work. A value that no prover knows fails too, so nothing can be advertised without a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from tests.conformance import signing
from tests.conformance.relying_party import CALLBACK, SIGNED_OUT, RelyingParty, configure, essential
from tests.conformance.signing import client_key
from tests.conftest import HouseClient
from tests.support.forms import submit

TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
PASSWORD = "sandbox-password"


@dataclass
class Bench:
    """Where things are proved: one issuer of a sandbox, and a listener where it may call."""

    sandbox: HouseClient
    issuer: str
    listener: Any

    @property
    def reader(self) -> RelyingParty:
        """Somebody who only reads what is public."""
        return RelyingParty(self.sandbox, self.issuer)

    def client(self, **metadata: Any) -> RelyingParty:
        """A new client that does what this issuer demands: pushes its requests, proves its key, uses PKCE."""
        rp = RelyingParty.register(self.sandbox, self.issuer, **metadata)
        if rp.metadata["require_pushed_authorization_requests"]:
            rp.par = rp.pkce = True
            rp.dpop = client_key("ES256", "dpop")
        if rp.auth == "none":
            rp.pkce = True
        return rp


Prover = Callable[[Bench, Any], None]


def is_where_things_are(bench: Bench, url: str) -> None:
    assert url.startswith("https://localhost/oidc/")
    assert url.endswith(bench.issuer) or f"/{bench.issuer}/" in url


def logs_in(bench: Bench, _: Any) -> None:
    rp = bench.client()
    assert rp.claims(rp.log_in())["sub"] == "alice"


def is_fetched(bench: Bench, url: str) -> None:
    assert bench.reader.backend.get(url).json["keys"]


def ends_the_session(bench: Bench, _: str) -> None:
    rp = bench.client(post_logout_redirect_uris=[SIGNED_OUT])
    hint = rp.log_in().id_token
    assert rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT).headers["Location"] == SIGNED_OUT
    assert not rp.is_signed_in()


def revokes(rp: RelyingParty) -> None:
    token = rp.log_in().access_token
    assert rp.call("revocation_endpoint", {"token": token}).status_code == 200
    assert rp.userinfo(token).status_code == 401


def introspects(rp: RelyingParty) -> None:
    tokens = rp.log_in()
    known = rp.call("introspection_endpoint", {"token": tokens.access_token}).json
    unknown = rp.call("introspection_endpoint", {"token": "garbage"}).json
    assert (known["active"], known["sub"], known["iss"]) == (True, "alice", rp.issuer)
    assert unknown == {"active": False}


def redeems(rp: RelyingParty) -> None:
    assert rp.log_in().claims["sub"] == "alice"


# By an authentication method, or by the algorithm of an assertion


def by_method(act: Callable[[RelyingParty], None]) -> Prover:
    def prove(bench: Bench, method: str) -> None:
        key = client_key() if method == "private_key_jwt" else None
        rp = bench.client(key=key, token_endpoint_auth_method=method)
        assert rp.auth == method
        act(rp)

    return prove


def by_assertion(act: Callable[[RelyingParty], None]) -> Prover:
    def prove(bench: Bench, algorithm: str) -> None:
        shared = algorithm == "HS256"
        rp = bench.client(
            key=None if shared else client_key(algorithm),
            token_endpoint_auth_method="client_secret_jwt" if shared else "private_key_jwt",
            token_endpoint_auth_signing_alg=algorithm,
        )
        act(rp)

    return prove


# Response types, response modes and grants


def answers_type(bench: Bench, response_type: str) -> None:
    """In every mode that is advertised, but no token in a query (Multiple Response Types section 3)."""
    grants = ["authorization_code", "implicit"]
    rp = bench.client(response_types=[response_type], grant_types=grants)
    carries_token = response_type != "code"
    for mode in rp.metadata["response_modes_supported"]:
        if mode == "query" and carries_token:
            continue
        back = rp.sign_in(response_type=response_type, response_mode=mode)
        names = {"token": "access_token"}
        assert {names.get(word, word) for word in response_type.split()} <= set(back)
        rp.check_front_channel(back)
        if "code" in back:
            rp.check_tokens(rp.redeem(back["code"]))
        if "access_token" in back:
            assert rp.userinfo(back["access_token"]).json["sub"] == "alice"
    if carries_token:
        assert refusal(rp, response_type=response_type, response_mode="query") == "invalid_request"


def answers_mode(bench: Bench, mode: str) -> None:
    rp = bench.client()
    denied = rp.go_on(rp.authorize(response_mode=mode), decision="deny")
    assert rp.answer(denied)["error"] == "access_denied"
    assert "code" in rp.sign_in(response_mode=mode)


def grant(bench: Bench, grant_type: str) -> None:
    rp = bench.client(grant_types=["authorization_code", grant_type], key=client_key(), response_types=RESPONSES)
    if grant_type == "implicit":
        rp.check_front_channel(rp.sign_in(response_type="id_token"))
        return
    answer = GRANTS[grant_type](rp)
    tokens = rp.check_tokens(answer, nonce=rp.sent.get("nonce") if grant_type == "authorization_code" else None)
    assert tokens.answer["access_token"]


RESPONSES = ["code", "id_token"]


def _code(rp: RelyingParty) -> Any:
    return rp.redeem(rp.sign_in()["code"])


def _refresh(rp: RelyingParty) -> Any:
    return rp.refresh(rp.log_in(scope="openid offline_access", prompt="consent").refresh_token)


def _credentials(rp: RelyingParty) -> Any:
    return rp.call("token_endpoint", {"grant_type": "client_credentials"}, proof=True)


def _password(rp: RelyingParty) -> Any:
    with rp.browser.world() as world:
        world.store.change(tables.Identity, {"password": PASSWORD}, login="alice")
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD, "scope": "openid"}
    return rp.call("token_endpoint", form, proof=True)


def _device(rp: RelyingParty) -> Any:
    begun = rp.call("device_authorization_endpoint", {"scope": "openid"}).json
    page = rp.browser.get(begun["verification_uri"])
    page = submit(rp.browser, page, "continue", user_code=begun["user_code"])
    rp.go_on(page)
    form = {"grant_type": DEVICE, "device_code": begun["device_code"]}
    return rp.call("token_endpoint", form, proof=True)


def _assertion(rp: RelyingParty) -> Any:
    claims = signing.assertion_claims(rp.client_id, rp.issuer, rp.now(), sub="alice")
    form = {"grant_type": JWT_BEARER, "assertion": signing.sign(claims, rp.key), "scope": "openid"}
    return rp.call("token_endpoint", form, proof=True)


def _exchange(rp: RelyingParty) -> Any:
    subject = {"subject_token": rp.log_in().access_token, "subject_token_type": f"{TOKEN_TYPE}access_token"}
    answer = rp.call("token_endpoint", {"grant_type": EXCHANGE, **subject}, proof=True)
    assert answer.json["issued_token_type"] == f"{TOKEN_TYPE}access_token"
    return answer


GRANTS: dict[str, Callable[[RelyingParty], Any]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "client_credentials": _credentials,
    "password": _password,
    DEVICE: _device,
    JWT_BEARER: _assertion,
    EXCHANGE: _exchange,
}


def device_begins(bench: Bench, _: str) -> None:
    grant(bench, DEVICE)


def pushes(bench: Bench, _: str) -> None:
    rp = bench.client()
    rp.par = True
    assert rp.log_in().claims["sub"] == "alice"


# What is in the tokens


def is_public(bench: Bench, kind: str) -> None:
    assert kind == "public"
    assert bench.client().log_in().claims["sub"] == bench.client().log_in().claims["sub"] == "alice"


def signs_id_tokens(bench: Bench, algorithm: str) -> None:
    assert bench.client(id_token_signed_response_alg=algorithm).log_in().header["alg"] == algorithm


def signs_userinfo(bench: Bench, algorithm: str) -> None:
    rp = bench.client(userinfo_signed_response_alg=algorithm)
    told = signing.verify(rp.userinfo(rp.log_in().access_token).text, rp.jwks())
    assert (told.header["alg"], told.claims["sub"], told.claims["aud"]) == (algorithm, "alice", rp.client_id)


OF_SCOPE = {
    "openid": "sub",
    "profile": "name",
    "email": "email_verified",
    "address": "address",
    "phone": "phone_number",
    "groups": "groups",
}


def grants_scope(bench: Bench, scope: str) -> None:
    rp = bench.client(grant_types=["authorization_code", "refresh_token"])
    tokens = rp.log_in(scope=" ".join(dict.fromkeys(["openid", scope])), prompt="consent")
    assert scope in tokens.answer["scope"].split()
    if scope == "offline_access":
        assert rp.refresh(tokens.refresh_token).status_code == 200
    else:
        assert rp.claims(tokens)[OF_SCOPE[scope]]


def is_normal(bench: Bench, kind: str) -> None:
    rp = bench.client()
    assert kind == "normal"
    assert rp.claims(rp.log_in(claims=essential("name")))["name"] == "Alice Liddell"


def releases_claim(bench: Bench, name: str) -> None:
    rp = bench.client()
    tokens = rp.log_in(claims=essential(name))
    assert name in {**tokens.claims, **rp.claims(tokens)}


def takes_claims(bench: Bench, value: bool) -> None:
    rp = bench.client()
    assert value is True
    assert rp.log_in(claims='{"id_token": {"nickname": null}}').claims["nickname"] == "Al"


# What an authorization request may say


def challenges(bench: Bench, method: str) -> None:
    assert method == "S256"
    rp = bench.client()
    rp.pkce = True
    back = rp.sign_in()
    assert rp.redeem(back["code"], code_verifier="w" * 43).status_code == 400
    assert rp.redeem(back["code"]).status_code == 200


def takes_request(bench: Bench, value: bool) -> None:
    rp = bench.client(key=client_key())
    if value:
        takes_signed(bench, "RS256")
    else:
        assert refusal(rp, request=signed_request(rp)) == "request_not_supported"


def takes_request_uri(bench: Bench, value: bool) -> None:
    if value:
        return needs_no_registered_request_uri(bench, False)
    rp = bench.client(key=client_key())
    if not rp.par:
        assert refusal(rp, request_uri="https://localhost:8443/r.jwt") == "request_uri_not_supported"
    return None


def refusal(rp: RelyingParty, **changes: str) -> str:
    if rp.par:
        return rp.push(**changes).json["error"]
    return rp.sign_in(**changes)["error"]


def signed_request(rp: RelyingParty, **changes: Any) -> str:
    return signing.sign({"iss": rp.client_id, "aud": rp.issuer, **rp.ask(**changes)}, rp.key)


def takes_signed(bench: Bench, algorithm: str) -> None:
    """Where request objects are switched on, by value; what is inside counts."""
    configure(bench.sandbox, bench.issuer, request_objects=True)
    rp = bench.client(key=client_key(algorithm), request_object_signing_alg=algorithm)
    inside = rp.ask()
    made = signing.sign({"iss": rp.client_id, "aud": rp.issuer, **inside}, rp.key)
    shown = {"client_id": rp.client_id, "request": made}
    rp.sent = inside
    if rp.par:
        pushed = rp.call("pushed_authorization_request_endpoint", shown)
        assert pushed.status_code == 201, pushed.text
        shown = {"client_id": rp.client_id, "request_uri": pushed.json["request_uri"]}
    else:
        shown |= {"response_type": "code", "scope": "openid"}
    back = rp.answer(rp.go_on(rp.visit(shown)))
    assert rp.check_tokens(rp.redeem(back["code"])).claims["nonce"] == inside["nonce"]


def needs_no_registered_request_uri(bench: Bench, value: bool) -> None:
    assert value is False
    configure(bench.sandbox, bench.issuer, request_objects=True, network=[bench.listener.origin])
    rp = bench.client(key=client_key())
    if rp.par:
        # A pushed request has no request_uri of the client's (RFC 9126 section 2.1).
        assert rp.push(request_uri=bench.listener.origin).json["error"] == "invalid_request"
        return
    uri = bench.listener.put("/request.jwt", signed_request(rp, state="inside"))
    assert rp.sign_in(request_uri=uri, state="inside")["state"] == "inside"


def returns_acr(bench: Bench, acr: str) -> None:
    assert bench.client().log_in(acr_values=acr).claims["acr"] == acr


def displays(bench: Bench, display: str) -> None:
    assert bench.client().log_in(display=display).claims["sub"] == "alice"


def speaks(bench: Bench, locale: str) -> None:
    page = bench.client().authorize(ui_locales=locale)
    assert f'<html lang="{locale}"' in page.text


PAGES = {"none": [], "login": ["login"], "consent": ["consent"], "select_account": ["login"]}


def prompts(bench: Bench, prompt: str) -> None:
    rp = bench.client()
    rp.log_in()
    assert "code" in rp.sign_in(prompt=prompt)
    assert rp.pages == PAGES[prompt]


def names_itself(bench: Bench, value: bool) -> None:
    rp = bench.client()
    assert value is True
    denied = rp.answer(rp.go_on(rp.authorize(), decision="deny"))
    assert rp.sign_in()["iss"] == denied["iss"] == rp.issuer


def demands_pushes(bench: Bench, value: bool) -> None:
    rp = bench.client()
    rp.par = False
    back = rp.answer(rp.go_on(rp.authorize()))
    assert back.get("error") == ("invalid_request" if value else None)


def binds_by(bench: Bench, algorithm: str) -> None:
    rp = bench.client()
    rp.dpop = client_key(algorithm, "dpop")
    tokens = rp.log_in()
    assert rp.claims(tokens)["sub"] == "alice"
    assert rp.userinfo(tokens.access_token, proof=False).status_code == 401


def frames(bench: Bench, value: bool) -> None:
    uri = {"frontchannel_logout_uri": "https://localhost:8443/front", "frontchannel_logout_session_required": True}
    rp = bench.client(post_logout_redirect_uris=[SIGNED_OUT], **uri)
    tokens = rp.log_in()
    page = rp.log_out(id_token_hint=tokens.id_token, post_logout_redirect_uri=SIGNED_OUT)
    assert value is True
    assert f"sid={tokens.claims['sid']}" in page.text


def calls_back(bench: Bench, value: bool) -> None:
    configure(bench.sandbox, bench.issuer, network=[bench.listener.origin])
    rp = bench.client(post_logout_redirect_uris=[SIGNED_OUT], backchannel_logout_uri=bench.listener.put("/back"))
    tokens = rp.log_in()
    rp.log_out(id_token_hint=tokens.id_token, post_logout_redirect_uri=SIGNED_OUT)
    [call] = bench.listener.calls
    told = signing.verify(call.form["logout_token"][0], rp.jwks())
    assert value is True
    assert (told.claims["aud"], told.claims["sid"]) == (rp.client_id, tokens.claims["sid"])


def registers(bench: Bench, _: str) -> None:
    assert bench.client().registration["redirect_uris"] == [CALLBACK]


PROVERS: dict[str, Prover] = {
    "issuer": is_where_things_are,
    "authorization_endpoint": logs_in,
    "token_endpoint": logs_in,
    "userinfo_endpoint": logs_in,
    "jwks_uri": is_fetched,
    "end_session_endpoint": ends_the_session,
    "revocation_endpoint": lambda bench, _: revokes(bench.client()),
    "introspection_endpoint": lambda bench, _: introspects(bench.client()),
    "device_authorization_endpoint": device_begins,
    "pushed_authorization_request_endpoint": pushes,
    "registration_endpoint": registers,
    "response_types_supported": answers_type,
    "response_modes_supported": answers_mode,
    "grant_types_supported": grant,
    "subject_types_supported": is_public,
    "id_token_signing_alg_values_supported": signs_id_tokens,
    "userinfo_signing_alg_values_supported": signs_userinfo,
    "token_endpoint_auth_methods_supported": by_method(redeems),
    "token_endpoint_auth_signing_alg_values_supported": by_assertion(redeems),
    "introspection_endpoint_auth_methods_supported": by_method(introspects),
    "introspection_endpoint_auth_signing_alg_values_supported": by_assertion(introspects),
    "revocation_endpoint_auth_methods_supported": by_method(revokes),
    "revocation_endpoint_auth_signing_alg_values_supported": by_assertion(revokes),
    "scopes_supported": grants_scope,
    "claim_types_supported": is_normal,
    "claims_supported": releases_claim,
    "claims_parameter_supported": takes_claims,
    "code_challenge_methods_supported": challenges,
    "request_parameter_supported": takes_request,
    "request_uri_parameter_supported": takes_request_uri,
    "require_request_uri_registration": needs_no_registered_request_uri,
    "request_object_signing_alg_values_supported": takes_signed,
    "acr_values_supported": returns_acr,
    "display_values_supported": displays,
    "prompt_values_supported": prompts,
    "authorization_response_iss_parameter_supported": names_itself,
    "frontchannel_logout_supported": frames,
    "frontchannel_logout_session_supported": frames,
    "backchannel_logout_supported": calls_back,
    "backchannel_logout_session_supported": calls_back,
    "require_pushed_authorization_requests": demands_pushes,
    "dpop_signing_alg_values_supported": binds_by,
    "ui_locales_supported": speaks,
}
