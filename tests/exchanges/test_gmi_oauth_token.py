"""POST /oauth/token: a GitHub code becomes GitHub's token, once; and each way in which it does not."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.core.tables import Client
from tests.conftest import HouseClient, SignIn
from tests.support.gmi import (
    API,
    BAD_CODE,
    BAD_PROVIDER,
    NO_BODY,
    UPSTREAM,
    check_refused,
    console_code,
    error,
    invalid,
    missing,
    row,
    swap_code,
)

URL = f"{API}/oauth/token"


def test_a_github_code_becomes_the_provider_s_token(sandbox, sign_in):
    answer = swap_code(sandbox, console_code(sign_in))

    assert answer.status_code == 200
    assert list(answer.json) == ["accessToken"]
    assert answer.json["accessToken"].startswith("gho_")


def test_the_token_opens_the_sandbox_github(sandbox, sign_in):
    token = swap_code(sandbox, console_code(sign_in)).json["accessToken"]

    user = sandbox.get("/api/v3/user", headers={"Authorization": f"Bearer {token}", "User-Agent": "test"})

    assert (user.status_code, user.json["login"]) == (200, "octocat")


def test_a_code_is_good_until_it_expires(sandbox, sign_in):
    code = console_code(sign_in)
    sandbox.clock.freeze()
    sandbox.clock.advance(seconds=598)

    assert swap_code(sandbox, code).status_code == 200


def test_unknown_members_are_ignored(sandbox, sign_in):
    body = {"provider": "github", "code": console_code(sign_in), "redirect_uri": 7, "state": [None]}

    assert sandbox.post(URL, json=body).status_code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_media_type_does_not_matter(sandbox, sign_in, media_type):
    body = f'{{"provider": "github", "code": "{console_code(sign_in)}"}}'

    assert sandbox.post(URL, data=body, content_type=media_type).status_code == 200


@pytest.mark.parametrize("path", [f"/gmi{URL}", f"{URL}/"])
def test_other_spellings_of_the_path_lead_here_too(sandbox, sign_in, path):
    answer = sandbox.post(path, json={"provider": "github", "code": console_code(sign_in)})

    assert answer.status_code == 200


def test_the_vendor_s_host_leads_here(sandbox, sign_in):
    body = {"provider": "github", "code": console_code(sign_in)}

    answer = sandbox.post(URL, json=body, base_url="https://console.gmicloud.ai")

    assert answer.status_code == 200


def test_a_refused_request_does_not_spend_the_code(sandbox, sign_in):
    code = console_code(sign_in)
    swap_code(sandbox, code, provider="gitlab")
    with sandbox.world() as world:
        arm_fault(world, "github", "access_token", Reason.PROVIDER_FAILED)
    swap_code(sandbox, code)

    assert swap_code(sandbox, code).status_code == 200


def test_the_journal_links_the_exchange_to_its_login(sandbox, sign_in):
    swap_code(sandbox, console_code(sign_in))

    entries = sandbox.journal()
    assert entries[-1].flow == entries[0].flow
    assert (entries[-1].service, entries[-1].login, entries[-1].client_id) == ("gmi", "octocat", "gmi-console")


def truncated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    return swap_code(sandbox, console_code(sign_in)[:-1])


def replayed(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = console_code(sign_in)
    swap_code(sandbox, code)
    return swap_code(sandbox, code)


def expired(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = console_code(sign_in)
    sandbox.clock.advance(minutes=10)
    return swap_code(sandbox, code)


def of_another_app(sandbox: HouseClient, sign_in: SignIn) -> Any:
    return swap_code(sandbox, console_code(sign_in, client="Iv1.sandboxclient"))


def with_verifier(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = sign_in("github", as_="octocat", client="gmi-console", code_challenge="A" * 43, code_challenge_method="S256")
    return swap_code(sandbox, code)


def suspended(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = console_code(sign_in)
    with sandbox.world() as world:
        app = world.store.find(Client, service="github", client_id="gmi-console")
        world.store.change(Client, {"settings": {**app.settings, "suspended": True}}, client_id="gmi-console")
    return swap_code(sandbox, code)


def unregistered(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = console_code(sign_in)
    with sandbox.world() as world:
        world.store.remove(Client, service="github", client_id="gmi-console")
    return swap_code(sandbox, code)


def upstream_fault(sandbox: HouseClient, sign_in: SignIn) -> Any:
    with sandbox.world() as world:
        arm_fault(world, "github", "access_token", Reason.PROVIDER_FAILED)
    return swap_code(sandbox, "any")


def send(raw: bytes) -> Any:
    return lambda sandbox, sign_in: sandbox.post(URL, data=raw, content_type="application/json")


def send_json(**body: Any) -> Any:
    return lambda sandbox, sign_in: sandbox.post(URL, json=body)


WRONG_TYPES = error(
    "request",
    0,
    validationDetail=[
        invalid("provider", "type", "string", 1, "Invalid type."),
        invalid("code", "type", "string", None, "Invalid type."),
    ],
)
LISTED = error("request", 0, validationDetail=[invalid("code", "type", "string", ["x"], "Invalid type.")])
NUMBER = error("request", 0, validationDetail=[invalid("provider", "type", "string", 1, "Invalid type.")])

CATALOGUE = [
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, lambda sandbox, sign_in: sandbox.post(URL)),
    row("empty body", Reason.BODY_MISSING, 400, NO_BODY, send(b"")),
    row("blank body", Reason.BODY_MISSING, 400, NO_BODY, send(b" \r\n")),
    row("not JSON", Reason.BODY_MALFORMED, 400, NO_BODY, send(b'{"provider": "github", ')),
    row("not UTF-8", Reason.BODY_MALFORMED, 400, NO_BODY, send(b'{"provider": "\xff"}')),
    row("a form", Reason.BODY_MALFORMED, 400, NO_BODY, send(b"provider=github&code=abc")),
    row("an array", Reason.BODY_MALFORMED, 400, NO_BODY, send(b'["github"]')),
    row("a text", Reason.BODY_MALFORMED, 400, NO_BODY, send(b'"github"')),
    row("null", Reason.BODY_MALFORMED, 400, NO_BODY, send(b"null")),
    row("half a character", Reason.BODY_MALFORMED, 400, NO_BODY, send(b'{"provider":"github","code":"\\ud800"}')),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("provider", "code"), send_json()),
    row("no code", Reason.FIELD_MISSING, 400, missing("code"), send_json(provider="github")),
    row("no provider", Reason.FIELD_MISSING, 400, missing("provider"), send_json(code="abc")),
    row("empty code", Reason.FIELD_MISSING, 400, missing("code"), send_json(provider="github", code="")),
    row("empty provider", Reason.FIELD_MISSING, 400, missing("provider"), send_json(provider="", code="abc")),
    row("unknown, no code", Reason.FIELD_MISSING, 400, missing("code"), send_json(provider="gitlab")),
    row("wrong types", Reason.FIELD_INVALID, 400, WRONG_TYPES, send_json(provider=1, code=None)),
    row("types come first", Reason.FIELD_INVALID, 400, NUMBER, send_json(provider=1)),
    row("a list", Reason.FIELD_INVALID, 400, LISTED, send_json(provider="gitlab", code=["x"])),
    row("google", Reason.PROVIDER_UNSUPPORTED, 400, BAD_PROVIDER, send_json(provider="google", code="abc")),
    row("gitlab", Reason.PROVIDER_UNSUPPORTED, 400, BAD_PROVIDER, send_json(provider="gitlab", code="abc")),
    row("GitHub", Reason.PROVIDER_UNSUPPORTED, 400, BAD_PROVIDER, send_json(provider="GitHub", code="abc")),
    row("fault", Reason.PROVIDER_FAILED, 500, UPSTREAM, upstream_fault),
    row("suspended app", Reason.PROVIDER_FAILED, 500, UPSTREAM, suspended),
    row("unregistered app", Reason.PROVIDER_FAILED, 500, UPSTREAM, unregistered),
    row("invented", Reason.CODE_UNKNOWN, 400, BAD_CODE, send_json(provider="github", code="abc123def456")),
    row("NUL", Reason.CODE_UNKNOWN, 400, BAD_CODE, send_json(provider="github", code="a\0b")),
    row("truncated", Reason.CODE_UNKNOWN, 400, BAD_CODE, truncated),
    row("replayed", Reason.CODE_ALREADY_REDEEMED, 400, BAD_CODE, replayed),
    row("expired", Reason.CODE_EXPIRED, 400, BAD_CODE, expired),
    row("of another app", Reason.CODE_OF_ANOTHER_CLIENT, 400, BAD_CODE, of_another_app),
    row("challenge", Reason.VERIFIER_MISSING, 400, BAD_CODE, with_verifier),
    row(
        "unverified e-mail",
        Reason.EMAIL_UNVERIFIED,
        400,
        BAD_CODE,
        lambda sandbox, sign_in: swap_code(sandbox, console_code(sign_in, "unverified")),
    ),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), CATALOGUE)
def test_refusals(sandbox, sign_in, reason, status, body, cause):
    answer = cause(sandbox, sign_in)

    check_refused(sandbox, answer, reason, status, body)


def test_the_members_come_in_the_documented_order(sandbox):
    answer = sandbox.post(URL, json={"provider": "github"})

    assert answer.text.strip() == (
        '{"group":"request","code":0,"validationDetail":[{"field":"code","expression":"required",'
        '"originalValue":"","reason":"This field is required."}]}'
    )
