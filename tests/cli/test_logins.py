"""Logins, tokens and faults from the command line."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

TOKEN = "/login/oauth/access_token"
CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
JSON = {"Accept": "application/json"}


def redeem(origin: str, code: str) -> requests.Response:
    return requests.post(origin + TOKEN, json={**CLIENT, "code": code}, headers=JSON)


# Signing in


def test_a_login_gives_a_code_that_the_provider_redeems(said, live):
    login = said("login", "github", "--as", "octocat", "--client", CLIENT["client_id"])

    assert redeem(live.origin, login["code"]).json()["access_token"].startswith("gho_")


def test_a_login_is_printed_as_names_and_values(program):
    ended = program("login", "github", "--as", "octocat", "--client", "gmi-console", "--scope", "read:user")

    printed = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    callback = parse_qs(urlsplit(printed["callback_url"]).query)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert callback["code"] == [printed["code"]]
    assert callback["state"] == [printed["state"]]


def test_a_login_goes_on_to_the_session_of_an_exchange(said, program):
    arguments = ("login", "github", "--as", "octocat", "--client", "gmi-console", "--exchange", "gmi")
    session = said(*arguments)["session"]

    assert session["accessToken"]
    _, brace, rest = program(*arguments).stdout.partition("{")
    assert set(json.loads(brace + rest)) == set(session)


def test_a_person_can_say_no(said):
    login = said("login", "github", "--as", "octocat", "--deny")

    assert login["parameters"]["error"] == "access_denied"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere", "--as", "octocat"), "nowhere"),
        (("github", "--as", "nobody"), "nobody"),
        (("github", "--as", "octocat", "--client", "nobody"), "nobody"),
        (("github", "--as", "octocat", "--client", "gmi-console", "--redirect-uri", "http://evil.test/"), "REDIRECT"),
    ],
)
def test_a_login_that_is_refused_is_said_in_one_line(program, arguments, reason):
    ended = program("login", *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert reason in line


# Tokens


def test_a_token_is_printed_alone(program, live):
    ended = program("mint", "github", "access_token", "--as", "octocat")

    token = ended.stdout.removesuffix("\n")
    user = requests.get(f"{live.origin}/api/v3/user", headers={"Authorization": f"Bearer {token}"})
    assert user.json()["login"] == "octocat"


def test_a_token_has_the_claims_that_are_asked_for(said):
    claims = ("--claim", "department=42", "--claim", 'groups=["a", "b"]', "--claim", "motto=a=b", "--claim", "n=NaN")

    minted = said("mint", "oidc", "id_token", "--as", "octocat", "--ttl", "60", *claims)

    assert minted["claims"]["department"] == 42
    assert minted["claims"]["groups"] == ["a", "b"]
    assert (minted["claims"]["motto"], minted["claims"]["n"]) == ("a=b", "NaN")
    assert minted["claims"]["exp"] - minted["claims"]["iat"] == 60


def test_a_token_can_be_tampered_with(said):
    assert said("mint", "oidc", "id_token", "--as", "octocat", "--tamper", "alg-none")["header"]["alg"] == "none"


def test_what_can_be_minted_is_listed(program, said, live):
    listed = said("mint")

    assert listed == requests.get(f"{live.origin}/_sandbox/api/tokens").json()
    printed = program("mint").stdout
    assert all(kind["kind"] in printed for kind in listed["kinds"])
    assert all(tamper["name"] in printed for tamper in listed["tampers"])


@pytest.mark.parametrize(
    "arguments",
    [("github", "nothing"), ("oidc", "id_token", "--as", "nobody"), ("oidc", "id_token", "--tamper", "nothing")],
)
def test_a_token_that_cannot_be_minted_is_said_in_one_line(program, arguments):
    ended = program("mint", *arguments)

    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)


# Faults


def test_a_recipe_goes_wrong_once(said, live):
    armed = said("faults", "arm", "github: bad-verification-code")

    assert [fault["id"] for fault in said("faults", "list")["faults"]] == [armed["id"]]
    code = said("login", "github", "--as", "octocat", "--client", CLIENT["client_id"])["code"]
    answers = [redeem(live.origin, code).json() for _ in range(2)]
    assert answers[0]["error"] == "bad_verification_code"
    assert answers[1]["access_token"].startswith("gho_")
    assert [fault["hits"] for fault in said("faults", "list")["faults"]] == [1]


def test_a_recipe_goes_wrong_until_it_is_cleared(program, said):
    armed = said("faults", "arm", "github: bad-verification-code", "--always", "--client", "gmi-console")
    other = said("faults", "arm", "github: bad-verification-code", "--times", "3", "--skip", "1")

    first, second = program("faults", "list").stdout.splitlines()
    assert {"0/∞", "gmi-console", armed["id"]} <= set(first.split())
    assert {"0/3", other["id"]} <= set(second.split())
    assert said("faults", "clear", armed["id"]) == {"cleared": armed["id"]}
    assert [fault["id"] for fault in said("faults", "list")["faults"]] == [other["id"]]
    assert said("faults", "clear") == {"cleared": "all"}
    assert said("faults", "list") == {"faults": []}


def test_a_recipe_that_is_none_is_said(program):
    ended = program("faults", "arm", "github: nonsense")

    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "github: nonsense" in ended.stderr
