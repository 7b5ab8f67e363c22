"""POST /me/oauth/auth-tokens, /me/auth-tokens and /me/2fa-verification-code: who gets an authToken."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Config
from sandbox.core.faults import arm_fault
from sandbox.core.fixtures import shipped
from sandbox.core.refusals import Reason
from sandbox.core.tables import Identity
from sandbox.core.tokens import revoke_tokens
from tests.conftest import HouseClient, SignIn
from tests.support.gmi import (
    API,
    BAD_AUTH_TOKEN,
    BAD_CODE,
    BAD_PASSWORD,
    BAD_PROVIDER,
    BAD_PROVIDER_TOKEN,
    EMAIL,
    NO_BODY,
    PASSWORD,
    UPSTREAM,
    auth_token,
    begin,
    check_refused,
    claims,
    console_code,
    error,
    header,
    invalid,
    log_in,
    missing,
    present_token,
    profile,
    provider_token,
    row,
    swap_code,
)

OAUTH = f"{API}/me/oauth/auth-tokens"
NATIVE = f"{API}/me/auth-tokens"
SEND_CODE = f"{API}/me/2fa-verification-code"
TWO_FACTOR = "two-factor@contoso.test"


def change(sandbox: HouseClient, login: str, **values: Any) -> None:
    with sandbox.world() as world:
        world.store.change(Identity, values, login=login)


def user_id(sandbox: HouseClient, token: str) -> str:
    return profile(sandbox, begin(sandbox, token).json["accessToken"]).json["user"]["id"]


def test_a_github_token_becomes_an_auth_token(sandbox, sign_in):
    answer = present_token(sandbox, provider_token(sandbox, sign_in))

    assert answer.status_code == 201
    assert list(answer.json) == ["authToken"]
    token = answer.json["authToken"]
    assert header(token)["alg"] == "HS256"
    assert claims(token).items() >= {"type": "auth", "idp": "github", "is2FARequired": False}.items()
    assert claims(token)["exp"] - claims(token)["iat"] == 300


def test_a_password_becomes_an_auth_token(sandbox):
    answer = log_in(sandbox)

    assert answer.status_code == 201
    assert list(answer.json) == ["authToken", "is2FARequired"]
    assert answer.json["is2FARequired"] is False
    assert claims(answer.json["authToken"])["idp"] == "native"


def test_the_e_mail_may_be_written_in_any_case(sandbox):
    assert log_in(sandbox, EMAIL.upper()).status_code == 201


def test_the_client_header_and_unknown_members_are_ignored(sandbox):
    body = {"email": EMAIL, "password": PASSWORD, "remember": 1}

    assert sandbox.post(NATIVE, json=body, headers={"CE-ClientId": "far too long"}).status_code == 201


def test_a_second_factor_is_announced(sandbox):
    answer = log_in(sandbox, TWO_FACTOR)

    assert answer.json["is2FARequired"] is True
    assert claims(answer.json["authToken"])["is2FARequired"] is True


def test_a_github_login_needs_no_second_factor(sandbox, sign_in):
    token = present_token(sandbox, provider_token(sandbox, sign_in, "two-factor")).json["authToken"]

    assert begin(sandbox, token).status_code == 201


def test_password_and_github_lead_to_the_same_user(sandbox, sign_in):
    by_github = present_token(sandbox, provider_token(sandbox, sign_in)).json["authToken"]

    assert user_id(sandbox, by_github) == user_id(sandbox, auth_token(sandbox))


def test_people_who_share_an_address_are_different_users(sandbox, sign_in):
    one = present_token(sandbox, provider_token(sandbox, sign_in, "twin-one")).json["authToken"]
    two = present_token(sandbox, provider_token(sandbox, sign_in, "twin-two")).json["authToken"]

    assert user_id(sandbox, one) != user_id(sandbox, two)


def test_of_people_who_share_an_address_the_first_whose_password_fits_signs_in(sandbox):
    change(sandbox, "twin-two", password="another")

    for password, login in ((PASSWORD, "twin-one"), ("another", "twin-two")):
        assert log_in(sandbox, "twins@contoso.test", password).status_code == 201
        assert sandbox.journal()[-1].login == login


def test_of_people_who_share_an_address_a_deactivated_one_is_passed_over(sandbox):
    change(sandbox, "twin-one", deactivated=True)

    assert log_in(sandbox, "twins@contoso.test").status_code == 201
    assert sandbox.journal()[-1].login == "twin-two"


def test_a_code_is_sent_to_who_asks_with_an_auth_token(sandbox):
    token = auth_token(sandbox, TWO_FACTOR)

    for _ in range(2):
        answer = sandbox.post(SEND_CODE, json={"authToken": token})
        assert (answer.status_code, answer.json) == (200, {})


def test_without_an_application_no_code_and_no_token_is_accepted(make_sandbox, tmp_path):
    text = shipped("default.yaml").read_text()
    unbound = tmp_path / "unbound.yaml"
    unbound.write_text(text.replace("  client: gmi-console\n", "  client: null\n"))
    sandbox = make_sandbox(Config(fixtures=unbound, approval="always=octocat"))
    page = sandbox.get("/login/oauth/authorize?client_id=gmi-console")
    code = page.headers["Location"].partition("code=")[2].partition("&")[0]

    check_refused(sandbox, swap_code(sandbox, code), Reason.CODE_OF_ANOTHER_CLIENT, 400, BAD_CODE)
    body = {"client_id": "gmi-console", "client_secret": "sandbox-secret", "code": code}
    token = sandbox.post("/login/oauth/access_token", json=body, headers={"Accept": "application/json"}).json
    refused = present_token(sandbox, token["access_token"])
    check_refused(sandbox, refused, Reason.TOKEN_OF_ANOTHER_CLIENT, 400, BAD_PROVIDER_TOKEN)


def token_of_another_app(sandbox: HouseClient, sign_in: SignIn) -> Any:
    client = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
    code = console_code(sign_in, client="Iv1.sandboxclient")
    answer = sandbox.post(
        "/login/oauth/access_token", json={**client, "code": code}, headers={"Accept": "application/json"}
    )
    return present_token(sandbox, answer.json["access_token"])


def revoked_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = provider_token(sandbox, sign_in)
    with sandbox.world() as world:
        revoke_tokens(world, service="github", login="octocat")
    return present_token(sandbox, token)


def dormant_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = provider_token(sandbox, sign_in)
    sandbox.clock.advance(days=366)
    return present_token(sandbox, token)


def expired_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = sign_in("github", as_="octocat", client="gmi-console", scope="read:user offline_access")
    token = swap_code(sandbox, code).json["accessToken"]
    sandbox.clock.advance(hours=9)
    return present_token(sandbox, token)


def token_of_a_deactivated_user(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = provider_token(sandbox, sign_in)
    change(sandbox, "octocat", deactivated=True)
    return present_token(sandbox, token)


def token_of_nobody(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = provider_token(sandbox, sign_in)
    with sandbox.world() as world:
        world.store.remove(Identity, login="octocat")
    return present_token(sandbox, token)


def upstream_fault(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = provider_token(sandbox, sign_in)
    with sandbox.world() as world:
        arm_fault(world, "github", "get_user", Reason.PROVIDER_FAILED)
    return present_token(sandbox, token)


def present(access_token: Any, provider: Any = "github") -> Any:
    return lambda sandbox, sign_in: present_token(sandbox, access_token, provider)


def post(url: str, **body: Any) -> Any:
    return lambda sandbox, sign_in: sandbox.post(url, json=body)


def send(url: str, raw: bytes) -> Any:
    return lambda sandbox, sign_in: sandbox.post(url, data=raw, content_type="application/json")


def types(*fields: tuple[str, Any]) -> dict[str, Any]:
    details = [invalid(field, "type", "string", value, "Invalid type.") for field, value in fields]
    return error("request", 0, validationDetail=details)


OAUTH_CATALOGUE = [
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, send(OAUTH, b"")),
    row("not JSON", Reason.BODY_MALFORMED, 400, NO_BODY, send(OAUTH, b"{")),
    row("an array", Reason.BODY_MALFORMED, 400, NO_BODY, send(OAUTH, b"[]")),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("provider", "accessToken"), post(OAUTH)),
    row("no token", Reason.FIELD_MISSING, 400, missing("accessToken"), post(OAUTH, provider="google")),
    row("a number", Reason.FIELD_INVALID, 400, types(("accessToken", 3)), present(3)),
    row("gitlab", Reason.PROVIDER_UNSUPPORTED, 400, BAD_PROVIDER, present("gho_x", "gitlab")),
    row("invented", Reason.TOKEN_UNKNOWN, 400, BAD_PROVIDER_TOKEN, present("gho_invented")),
    row("google", Reason.TOKEN_UNKNOWN, 400, BAD_PROVIDER_TOKEN, present("ya29.a0AfH6SMB", "google")),
    row("hugging_face", Reason.TOKEN_UNKNOWN, 400, BAD_PROVIDER_TOKEN, present("hf_x", "hugging_face")),
    row("another app", Reason.TOKEN_OF_ANOTHER_CLIENT, 400, BAD_PROVIDER_TOKEN, token_of_another_app),
    row("revoked", Reason.TOKEN_REVOKED, 400, BAD_PROVIDER_TOKEN, revoked_token),
    row("unused for a year", Reason.TOKEN_REVOKED, 400, BAD_PROVIDER_TOKEN, dormant_token),
    row("expired", Reason.TOKEN_EXPIRED, 400, BAD_PROVIDER_TOKEN, expired_token),
    row("deactivated", Reason.IDENTITY_DEACTIVATED, 400, BAD_PROVIDER_TOKEN, token_of_a_deactivated_user),
    row("removed", Reason.IDENTITY_UNKNOWN, 400, BAD_PROVIDER_TOKEN, token_of_nobody),
    row("fault", Reason.PROVIDER_FAILED, 500, UPSTREAM, upstream_fault),
]


def of_nobody_s_password(sandbox: HouseClient, sign_in: SignIn) -> Any:
    change(sandbox, "octocat", password=None)
    return log_in(sandbox)


def try_password(email: Any, password: Any = PASSWORD) -> Any:
    return lambda sandbox, sign_in: log_in(sandbox, email, password)


def bad_email(value: str) -> dict[str, Any]:
    return error("request", 0, validationDetail=[invalid("email", "email", None, value, "Invalid email format.")])


NATIVE_CATALOGUE = [
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, send(NATIVE, b"")),
    row("not JSON", Reason.BODY_MALFORMED, 400, NO_BODY, send(NATIVE, b"email=a@b.test")),
    row("a number", Reason.BODY_MALFORMED, 400, NO_BODY, send(NATIVE, b"1")),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("email", "password"), post(NATIVE)),
    row("empty password", Reason.FIELD_MISSING, 400, missing("password"), try_password(EMAIL, "")),
    row("wrong types", Reason.FIELD_INVALID, 400, types(("email", []), ("password", 1)), try_password([], 1)),
    row("no address", Reason.FIELD_INVALID, 400, bad_email("octocat"), try_password("octocat")),
    row("no domain", Reason.FIELD_INVALID, 400, bad_email("a@b"), try_password("a@b")),
    row("a line break", Reason.FIELD_INVALID, 400, bad_email("a@b.test\n"), try_password("a@b.test\n")),
    row("wrong password", Reason.PASSWORD_WRONG, 400, BAD_PASSWORD, try_password(EMAIL, "wrong")),
    row("odd password", Reason.PASSWORD_WRONG, 400, BAD_PASSWORD, try_password(EMAIL, "\0 ümläut 🦄")),
    row("no password is set", Reason.PASSWORD_WRONG, 400, BAD_PASSWORD, of_nobody_s_password),
    row("nobody", Reason.IDENTITY_UNKNOWN, 400, BAD_PASSWORD, try_password("nobody@contoso.test")),
    row("not primary", Reason.IDENTITY_UNKNOWN, 400, BAD_PASSWORD, try_password("nora@contoso.test")),
    row("NUL", Reason.IDENTITY_UNKNOWN, 400, BAD_PASSWORD, try_password("a\0@b.test")),
    row("deactivated", Reason.IDENTITY_DEACTIVATED, 400, BAD_PASSWORD, try_password("deactivated@contoso.test")),
]


def spent(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = auth_token(sandbox)
    begin(sandbox, token)
    return sandbox.post(SEND_CODE, json={"authToken": token})


def late(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = auth_token(sandbox)
    sandbox.clock.advance(minutes=5)
    return sandbox.post(SEND_CODE, json={"authToken": token})


SEND_CODE_CATALOGUE = [
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, send(SEND_CODE, b"")),
    row("a text", Reason.BODY_MALFORMED, 400, NO_BODY, send(SEND_CODE, b'""')),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("authToken"), post(SEND_CODE)),
    row("null", Reason.FIELD_INVALID, 400, types(("authToken", None)), post(SEND_CODE, authToken=None)),
    row("invented", Reason.CODE_UNKNOWN, 400, BAD_AUTH_TOKEN, post(SEND_CODE, authToken="eyJ")),
    row("spent", Reason.CODE_ALREADY_REDEEMED, 400, BAD_AUTH_TOKEN, spent),
    row("late", Reason.CODE_EXPIRED, 400, BAD_AUTH_TOKEN, late),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), OAUTH_CATALOGUE)
def test_refusals_of_provider_tokens(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


@pytest.mark.parametrize(("reason", "status", "body", "cause"), NATIVE_CATALOGUE)
def test_refusals_of_passwords(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


@pytest.mark.parametrize(("reason", "status", "body", "cause"), SEND_CODE_CATALOGUE)
def test_refusals_to_send_a_code(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)
