"""Which unmodified libraries refuse the issuers that misbehave: as docs/misbehaving-issuers.md says, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox import Config, create_app
from sandbox.certificates import Certificates
from sandbox.providers.oidc.misbehaving import MISBEHAVIOURS, Misbehaviour
from sandbox.threads import ThreadServer
from tests.docs.markdown import code, read, rows
from tests.support import relying_parties
from tests.support.conversation import converse

PAGE = "docs/misbehaving-issuers.md"
APIS = frozenset({"PyJWT", "jose"})
LIBRARIES = (
    "Authlib",
    "social-auth-core",
    "MSAL",
    "openid-client 6",
    "openid-client 5",
    "oidc-client-ts",
    "PyJWT",
    "jose",
)
# What a library has no part in: it has no such flow, or leaves that step to the application.
NOT_ASKED = {
    "wrong-c-hash": {"Authlib", "social-auth-core", "MSAL", "oidc-client-ts"},
    "wrong-sub": {"MSAL"},
    "userinfo-wrong-sub": {"MSAL"},
    "userinfo-no-sub": {"MSAL"},
    "refreshed-wrong-sub": {"Authlib", "social-auth-core"},
    "stale-auth-time": {"social-auth-core"},
    "no-auth-time": {"social-auth-core"},
}

# A whole login at an issuer by its URL: None, or how the library refuses.
LogIn = Callable[..., str | None]


def told(log_in: Callable[..., None], ca_file: str, issuer: str, **how: Any) -> str | None:
    """How a Python library refuses, or None."""
    try:
        log_in(issuer, ca_file, how.get("max_age"))
    # Libraries raise what they like.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@pytest.fixture(scope="module")
def origin(ca: Certificates) -> Iterator[str]:
    """A sandbox over https that asks nobody, for all logins of this module: each issuer keeps to itself."""
    app = create_app(Config(approval="always=octocat"))
    with ThreadServer(app, tls=ca, name="localhost") as server:
        yield server.origin
    app.extensions["sandbox"].close()


@pytest.fixture(scope="module")
def log_ins(node: object, ca: Certificates) -> Iterator[dict[str, LogIn]]:
    """How each library logs in."""
    ca_file = str(ca.ca_file)
    with converse("misbehaving.mjs", ca.ca_file) as scripts:

        def script(step: str, issuer: str, **how: Any) -> str | None:
            if step == "jose":
                how["access_token"] = relying_parties.access_token(issuer, ca_file)
            refused: str | None = scripts.ask(step, issuer=issuer, **how)["refused"]
            return refused

        yield {
            "Authlib": partial(told, relying_parties.authlib, ca_file),
            "social-auth-core": partial(told, relying_parties.social_core, ca_file),
            "MSAL": partial(told, relying_parties.msal, ca_file),
            "PyJWT": partial(told, relying_parties.pyjwt, ca_file),
            "openid-client 6": partial(script, "openidClient6"),
            "openid-client 5": partial(script, "openidClient5"),
            "oidc-client-ts": partial(script, "oidcClientTs"),
            "jose": partial(script, "jose"),
        }


pytestmark = [
    pytest.mark.usefixtures("own_ca_only"),
    # MSAL would rather have its answers posted.
    pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning"),
]


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_logs_in_where_the_issuer_behaves(origin, log_ins, library):
    assert log_ins[library](f"{origin}/oidc/well-behaved") is None


@pytest.mark.parametrize("library", sorted({*LIBRARIES} - APIS - NOT_ASKED["no-auth-time"]))
def test_a_recent_sign_in_is_recent_enough(origin, log_ins, library):
    assert log_ins[library](f"{origin}/oidc/well-behaved", max_age=600) is None


@pytest.mark.parametrize("library", sorted({*LIBRARIES} - APIS - NOT_ASKED["wrong-c-hash"]))
def test_the_hybrid_flow_works_where_the_issuer_behaves(origin, log_ins, library):
    assert log_ins[library](f"{origin}/oidc/well-behaved-too", hybrid=True) is None


def asked(one: Misbehaviour) -> list[str]:
    """The libraries that have a part in what this issuer does wrong; an API has in access tokens and keys."""
    concerns_apis = one.tampers("access_token") or one.name.startswith("jwks")
    left_out = NOT_ASKED.get(one.name, set()) | (set() if concerns_apis else APIS)
    return [library for library in LIBRARIES if library not in left_out]


@pytest.mark.parametrize("one", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_the_page_says_which_libraries_refuse_an_issuer(origin, log_ins, one):
    how = {"hybrid": one.name == "wrong-c-hash", **({"max_age": 600} if one.name.endswith("auth-time") else {})}

    outcomes = {library: log_ins[library](f"{origin}/oidc/~{one.name}", **how) for library in asked(one)}

    refuse = [library for library, refused in outcomes.items() if refused]
    accept = [library for library, refused in outcomes.items() if not refused]
    assert refuse, "no library refuses it"
    assert documented()[one.name] == [one.summary, one.obliges, ", ".join(refuse), ", ".join(accept)], outcomes


def documented() -> dict[str, list[str]]:
    """The cells of the page's table, by the name of the issuer."""
    named = ((code(cells[0]), cells[1:]) for cells in rows(read(PAGE)) if len(cells) == 5)
    return {names[0].removeprefix("~"): cells for names, cells in named if names}


def test_the_page_has_every_issuer_that_misbehaves_and_no_other():
    assert list(documented()) == list(MISBEHAVIOURS)
