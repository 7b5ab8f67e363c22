"""Who somebody is at Prisme.ai: made at the first login, found again, joined by e-mail, kept out."""

from __future__ import annotations

import pytest

from sandbox.core.refusals import Reason
from tests.support.prisme import (
    azure_id_token,
    check_refused,
    configure,
    configure_provider,
    exchange,
    forge,
    id_token,
    me,
)

R = Reason
UNVERIFIED = (401, {"error": "ValidateEmailError", "message": "Please verify your email"})


def opened(sandbox, provider="custom", **claims):
    answer = exchange(sandbox, forge(sandbox, **claims), provider)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_first_login_makes_a_user_with_every_claim(sandbox):
    token = forge(sandbox, sub="s1", locale="de", hd="example.test")

    user = exchange(sandbox, token).json

    assert list(user)[:3] == ["email", "status", "firstName"]
    assert {name: user[name] for name in ("email", "status", "firstName", "lastName", "language")} == {
        "email": "ada@example.test",
        "status": "validated",
        "firstName": "Ada",
        "lastName": "Example",
        "language": "de",
    }
    assert "newAccount" not in user
    kept = user["authData"]["custom"]
    mapped = {"id": "s1", "firstName": "Ada", "lastName": "Example", "language": "de", "email": "ada@example.test"}
    assert kept.items() >= mapped.items()
    assert kept.items() >= {"sub": "s1", "hd": "example.test", "aud": "oidc-client", "given_name": "Ada"}.items()


def test_the_next_login_syncs_what_is_new_and_keeps_what_is_gone(sandbox):
    first = opened(sandbox)

    second = opened(sandbox, given_name="Augusta", family_name=None, email="augusta@example.test")

    assert second["id"] == first["id"]
    told = (second["firstName"], second["lastName"], second["email"])
    assert told == ("Augusta", "Example", "augusta@example.test")
    assert "family_name" not in second["authData"]["custom"]
    # The old address leads nowhere any more, the new one does.
    assert opened(sandbox, sub="other", email="ada@example.test")["id"] != first["id"]
    assert opened(sandbox, sub="third", email="augusta@example.test")["id"] == first["id"]


def test_a_pending_account_of_the_same_address_is_validated_and_joined_without_its_names(sandbox):
    joined = exchange(sandbox, id_token(sandbox, "joiner")).json
    again = exchange(sandbox, id_token(sandbox, "joiner")).json

    assert (joined["status"], joined["firstName"], "lastName" in joined) == ("validated", "Jo", False)
    assert set(joined["authData"]) == {"prismeai", "custom"}
    assert (again["id"], again["lastName"]) == (joined["id"], "Iner")


def test_two_providers_and_one_address_are_one_user(sandbox):
    at_azure = exchange(sandbox, azure_id_token(sandbox), "azure").json
    at_issuer = exchange(sandbox, id_token(sandbox)).json

    assert at_azure["id"] == at_issuer["id"]
    assert set(at_issuer["authData"]) == {"azure", "custom"}


def test_a_deactivated_user_stays_out(sandbox):
    answer = exchange(sandbox, id_token(sandbox, "right-to-left"))

    check_refused(sandbox, answer, R.IDENTITY_DEACTIVATED, UNVERIFIED)
    check_refused(sandbox, exchange(sandbox, id_token(sandbox, "right-to-left")), R.IDENTITY_DEACTIVATED, UNVERIFIED)


def test_an_address_is_compared_to_the_letter_unless_told_otherwise(sandbox):
    first = opened(sandbox)
    sandbox.clock.advance(seconds=1)
    assert opened(sandbox, sub="upper", email="Ada@Example.test")["id"] != first["id"]

    configure(sandbox, ignore_email_case=True)

    assert opened(sandbox, sub="shouting", email="ADA@example.test")["id"] == first["id"]


def test_an_address_that_was_never_verified_joins_as_well(sandbox):
    """As at the vendor, which does not look at email_verified."""
    first = opened(sandbox)

    assert opened(sandbox, sub="second", email_verified=False)["id"] == first["id"]


def test_without_an_address_there_is_a_user_without(sandbox):
    first, second = (opened(sandbox, sub=sub, email=None) for sub in ("one", "two"))

    assert "email" not in first
    assert first["id"] != second["id"]
    assert opened(sandbox, sub="one", email=None)["id"] == first["id"]


@pytest.mark.parametrize(
    ("claims", "first_name"),
    [
        ({"name": "Ada L"}, "Ada L"),
        ({}, "ada"),
        ({"email": None}, "anonymous"),
        ({"name": 7, "email": None}, "anonymous"),
    ],
)
def test_without_a_first_name_there_is_another(sandbox, claims, first_name):
    assert opened(sandbox, given_name=None, **claims)["firstName"] == first_name


def test_the_open_source_gateway_leaves_a_missing_name_out(sandbox):
    configure(sandbox, profile="shipped")

    assert "firstName" not in opened(sandbox, given_name=None, name="Ada L")


def test_without_a_language_it_is_french(sandbox):
    user = opened(sandbox)

    assert (user["language"], "language" in user["authData"]["custom"]) == ("fr", False)


def test_attributes_come_from_where_the_provider_says(sandbox):
    mapping = {"email": "upn", "firstName": "names.first", "lastName": "family_name"}
    configure_provider(sandbox, "custom", attributes=mapping)

    user = opened(sandbox, upn="mapped@example.test", names={"first": "Mapped"})
    same = opened(sandbox, sub="other", upn="mapped@example.test", email="elsewhere@example.test")

    assert (user["email"], user["firstName"], user["lastName"]) == ("mapped@example.test", "Mapped", "Example")
    assert same["id"] == user["id"]


def test_claims_of_odd_types_are_kept_and_not_taken_for_text(sandbox):
    user = opened(sandbox, email=["x"], given_name={"a": 1}, family_name=True, locale=7, odd=[None, {"a": 10**30}])

    assert (user["firstName"], user["language"]) == ("anonymous", "fr")
    assert user["authData"]["custom"]["odd"] == [None, {"a": 10**30}]
    assert me(sandbox, user["token"]).json["id"] == user["id"]


def test_a_provider_of_an_organization_takes_people_into_it(sandbox):
    profile = me(sandbox, opened(sandbox)["token"]).json

    assert profile["organizations"] == [
        {"slug": "octo-org", "name": "Octo Org", "roleSlug": "org:member", "groups": []}
    ]
    assert profile["org"]["role"]["slug"] == "org:member"
    assert profile["permissions"] == profile["org"]["role"]["permissions"] != []


def test_only_who_has_one_shows_a_platform_role(sandbox):
    admin = exchange(sandbox, id_token(sandbox, "admin")).json

    assert admin["platformRole"] == "superadmin"
    assert "platformRole" not in opened(sandbox)
