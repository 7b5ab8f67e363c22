"""The journal remembers what happened, and no secret."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from sandbox.core.clock import elapsed_us, tick
from sandbox.core.journal import Entry, fingerprint
from sandbox.core.redaction import is_secret, printable, redact, redact_headers, redact_query, redact_text, redact_url


@pytest.mark.parametrize(
    "name", ["code", "client_secret", "accessToken", "refresh_token", "Authorization", "Set-Cookie", "code_verifier"]
)
def test_what_travels_under_a_secret_name_is_secret(name):
    assert is_secret(name)
    assert redact({name: "a-very-secret-value"}) == {name: "a-ve…(19)"}


@pytest.mark.parametrize("name", ["client_id", "state", "scope", "error", "grant_type"])
def test_other_names_are_not(name):
    assert redact({name: "value"}) == {name: "value"}


def test_redaction_reaches_everywhere():
    value = {"user": {"password": "hunter2222", "tags": ["a", {"token": "abcdef"}]}, "n": 1, "none": None, "x": b"y"}

    assert redact(value) == {
        "user": {"password": "hunt…(10)", "tags": ["a", {"token": "…(6)"}]},
        "n": 1,
        "none": None,
        "x": "b'y'",
    }


def test_queries_urls_and_headers_lose_their_secrets():
    assert redact_query("code=0123456789&state=xyz&empty=") == "code=0123…(10)&state=xyz&empty="
    assert redact_url("http://h/cb?code=0123456789&state=s") == "http://h/cb?code=0123…(10)&state=s"
    assert redact_url("http://h/cb") == "http://h/cb"
    assert redact_headers(
        [
            ("Authorization", "Bearer abcdef"),
            ("Cookie", "a=b"),
            ("Location", "http://h/?code=secret"),
            ("Accept", "*/*"),
        ]
    ) == {
        "Authorization": "Bearer …(6)",
        "Cookie": "…(3)",
        "Location": "http://h/?code=…(6)",
        "Accept": "*/*",
    }


def test_a_short_secret_is_hidden_too():
    assert redact({"code": "abc"}) == {"code": "…(3)"}


def test_what_no_database_stores_is_made_storable():
    assert printable("a\0b\ud800c") == "a\ufffdb?c"
    assert printable("x" * 5000) == "x" * 4000 + "…(5000)"


def test_what_an_entry_knows_it_does_not_forget():
    entry = Entry()
    entry.note(flow="f", client_id="c")
    entry.note(login="l", client_id=None)

    assert (entry.flow, entry.client_id, entry.login) == ("f", "c", "l")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cookie", "session=S3CRET-VALUE; b=c"),
        ("Authorization", "S3CRET-VALUE extra"),
        ("Proxy-Authorization", "Basic S3CRET-VALUE"),
        ("X-Api-Key", "S3CRET-VALUE"),
        ("X-Auth", "S3CRET-VALUE"),
        ("X-Forwarded-Authorization", "Bearer S3CRET-VALUE"),
        ("X-Access", "Bearer S3CRET-VALUE"),
        ("X-Original-URL", "/callback?state=x&code=S3CRET-VALUE"),
        ("X-Forwarded-Uri", "/callback?%63ode=S3CRET-VALUE"),
        ("Link", '<https://h.test/?access_token=S3CRET-VALUE>; rel="next"'),
        ("Refresh", "0; url=https://h.test/#id_token=S3CRET-VALUE"),
        ("Origin", "https://me:S3CRET-VALUE@h.test"),
    ],
)
def test_no_header_gives_a_secret_away(name, value):
    assert "S3CRET-VALUE" not in str(redact_headers([(name, value)]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WWW-Authenticate", 'Bearer realm="r", error="invalid_token", resource_metadata="https://h.test/m?a=b"'),
        ("Link", '<https://h.test/?page=2>; rel="next"'),
        ("User-Agent", "agent/1.0 (+https://h.test/?about=agent&by=me@h.test)"),
    ],
)
def test_headers_without_secrets_stay_as_they_are(name, value):
    assert redact_headers([(name, value)]) == {name: value}


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": "S3CRET-VALUE"}',
        '[{"a": "{\\"password\\": \\"S3CRET-VALUE\\"}"}]',
        "/callback?code=S3CRET-VALUE",
        "go to /callback#access_token=S3CRET-VALUE",
        "//me:S3CRET-VALUE@h.test/",
    ],
)
def test_no_text_in_a_text_gives_a_secret_away(text):
    assert "S3CRET-VALUE" not in str(redact({"state": text}))
    assert "S3CRET-VALUE" not in redact_query(f"state={quote(text)}")


@pytest.mark.parametrize(
    "text", ['{"a":  "b"}', "[1,2]", "{", "me@h.test", "why? #1 & #2", "/path?a=b", "x?code=0123…(10)"]
)
def test_a_text_without_secrets_stays_as_it_is(text):
    assert redact({"state": text}) == {"state": text}


def test_what_lies_below_a_secret_name_is_secret_however_deep():
    nested: object = "S3CRET-VALUE"
    for _ in range(900):
        nested = {"x": nested}

    assert "S3CRET-VALUE" not in str(redact({"access_token": {"x": ["S3CRET-VALUE"]}}))
    assert "S3CRET-VALUE" not in str(redact({"a": nested}))


@pytest.mark.parametrize(
    "name",
    ["newPassword", "user-password", "otp_code", "authToken", "PrivateKey", "x-csrf-token", "SAMLResponse", "secrets"],
)
def test_a_secret_is_known_in_any_spelling(name):
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["token_type", "token_endpoint", "code_challenge", "client_secret_expires_at", "nonce"]
)
def test_what_is_only_about_a_secret_stays(name):
    assert not is_secret(name)


def test_the_code_of_an_error_is_a_word_that_stays():
    assert redact({"code": "invalid_grant", "statusCode": 401}, is_error=True) == {
        "code": "invalid_grant",
        "statusCode": 401,
    }
    assert redact({"code": "4/0AX4XfWh"}, is_error=True) == {"code": "4/0A…(10)"}
    assert redact({"code": "invalid_grant"}) == {"code": "inva…(13)"}


def test_a_token_tells_who_issued_it_for_whom_and_until_when():
    token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwOi8vaSIsImF1ZCI6ImEiLCJleHAiOjksIm5hbWUiOiJBZGEifQ.c2lnbmF0dXJl"

    shown = redact({"id_token": token})["id_token"]

    assert shown == f'eyJh…({len(token)}) {{"iss": "http://i", "aud": "a", "exp": 9}}'


def test_credentials_in_urls_and_prose_are_hidden():
    assert redact_url("https://user:pass@h.test/p?a=b") == "https://…@h.test/p?a=b"
    assert "s3cret" not in redact_text('{"client_secret": "s3cret", "x": ')
    assert redact_text("plain words, a=b") == "plain words, a=b"


def test_two_values_are_told_apart_by_their_fingerprints():
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    assert fingerprint(None) is None


def test_a_long_text_that_nearly_is_a_token_is_soon_done_with():
    began = tick()

    shown = redact({"note": "eyJ" * 33_000})

    # It takes a hundredth of this; what looks at each beginning anew takes ten times this.
    assert elapsed_us(began) < 2_000_000
    assert shown["note"].startswith("eyJeyJ")
