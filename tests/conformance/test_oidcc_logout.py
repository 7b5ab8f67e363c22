"""RP-Initiated Logout: every module of the checklist, and the other cells of the logout table."""

from __future__ import annotations

import pytest

from sandbox.core.keysets import rotate_key
from tests.conformance import signing
from tests.conformance.relying_party import SIGNED_OUT, RelyingParty, page_error
from tests.support.forms import submit


def is_question(page) -> bool:
    """Whether the person is asked; nobody is sent anywhere."""
    assert page.status_code == 200, page.text
    assert "Location" not in page.headers
    return 'id="confirm-logout"' in page.text


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(rp):
    assert rp.metadata["end_session_endpoint"].startswith("https://")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_rp_initiated_logout(rp, method):
    hint = rp.log_in().id_token

    answer = rp.log_out(method, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, state="a b&c=é")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{SIGNED_OUT}?state=a%20b%26c%3D%C3%A9"
    assert not rp.is_signed_in()


def test_oidcc_rp_initiated_logout_no_state(rp):
    hint = rp.log_in().id_token

    answer = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)

    assert (answer.status_code, answer.headers["Location"]) == (302, SIGNED_OUT)
    assert not rp.is_signed_in()


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("https://evil.example/", id="oidcc-rp-initiated-logout-bad-post-logout-redirect-uri"),
        pytest.param(f"{SIGNED_OUT}?foo=bar", id="oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri"),
    ],
)
def test_a_redirect_that_is_not_registered(rp, target):
    hint = rp.log_in().id_token

    page = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=target, state="s")

    assert page_error(page) == "invalid_request"
    assert rp.is_signed_in()


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(
            lambda claims, kid: signing.sign(claims, signing.client_key("RS256"), kid=kid),
            id="oidcc-rp-initiated-logout-modified-id-token-hint",
        ),
        pytest.param(
            lambda claims, kid: signing.unsigned(claims, kid=kid), id="oidcc-rp-initiated-logout-bad-id-token-hint"
        ),
    ],
)
def test_a_hint_that_is_forged(rp, forge):
    tokens = rp.log_in()
    forged = forge(tokens.claims, tokens.header["kid"])

    page = rp.log_out(id_token_hint=forged, post_logout_redirect_uri=SIGNED_OUT, state="s")

    assert page_error(page) in ("invalid_request", "invalid_token")
    assert rp.is_signed_in()


def test_oidcc_rp_initiated_logout_no_id_token_hint(rp):
    rp.log_in()

    page = rp.log_out(post_logout_redirect_uri=SIGNED_OUT, state="s")

    assert page_error(page) == "invalid_request"


@pytest.mark.parametrize(
    ("state", "with_hint"),
    [
        pytest.param(None, False, id="oidcc-rp-initiated-logout-no-params"),
        pytest.param("s", False, id="oidcc-rp-initiated-logout-only-state"),
        pytest.param("s", True, id="oidcc-rp-initiated-logout-no-post-logout-redirect-uri"),
    ],
)
def test_without_a_redirect_the_person_is_asked(rp, state, with_hint):
    tokens = rp.log_in()

    page = rp.log_out(state=state, id_token_hint=tokens.id_token if with_hint else None)
    assert is_question(page)
    assert rp.is_signed_in()
    done = submit(rp.browser, page, "confirm-logout")

    assert done.status_code == 200
    assert "signed out" in done.text
    assert not rp.is_signed_in()


# What no module looks at


def test_the_age_of_a_hint_does_not_matter(rp):
    hint = rp.log_in().id_token
    rp.browser.clock.advance(days=2)

    assert rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT).status_code == 302


def test_client_id_must_be_whom_the_hint_is_for(rp, second):
    hint = rp.log_in().id_token

    wrong = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, client_id=second.client_id)
    right = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, client_id=rp.client_id)

    assert page_error(wrong)
    assert right.status_code == 302


def test_a_key_that_has_been_retired_still_vouches_for_its_hints(rp):
    hint = rp.log_in().id_token
    with rp.browser.world() as world:
        rotate_key(world, "oidc/conformance", "RS256")

    assert rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT).status_code == 302


def test_a_logout_ends_the_session_that_the_hint_names_in_any_browser(rp, other_browser):
    hint = rp.log_in().id_token

    elsewhere = rp.at(other_browser).log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)

    assert elsewhere.status_code == 302
    assert not rp.is_signed_in()


def test_other_issuers_keep_their_sessions(rp, sandbox):
    main = RelyingParty(sandbox, "main", "oidc-client", redirect_uri="http://127.0.0.1:9999/callback")
    main.log_in()
    hint = rp.log_in().id_token

    rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)

    assert main.is_signed_in()
