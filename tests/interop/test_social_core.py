"""social-auth-core, unmodified, over https: the library behind Django's and other frameworks' social logins.

It caches discovery and keys for a day, so each visit has a backend of its own, as each request of a framework has.
"""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.core.keysets import rotate_key
from tests.support.azure import CONTOSO, WEB
from tests.support.person import query

with warnings.catch_warnings():
    # Its part for OpenID 2.0, which nothing here uses, imports a module by an old name.
    warnings.simplefilter("ignore", DeprecationWarning)
    from social_core.backends.azuread_tenant import AzureADV2TenantOAuth2
    from social_core.backends.open_id_connect import OpenIdConnectAuth
    from social_core.exceptions import AuthCanceled, AuthSessionError
    from social_core.strategy import BaseStrategy

pytestmark = pytest.mark.usefixtures("own_ca_only")

SECRET = "sandbox-secret"
OIDC, AZURE = "oidc/main", "azure"


class States:
    """Where the library keeps the states it has sent."""

    def __init__(self) -> None:
        self.kept: set[tuple[Any, ...]] = set()

    def use(self, *state: Any) -> bool:
        self.kept.add(state)
        return True

    def consume(self, *state: Any) -> bool:
        found = state in self.kept
        self.kept.discard(state)
        return found


class Nonces:
    """Where the library keeps the nonces it has sent."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def store(self, _url: str, association: Any) -> None:
        members = {"id": association.handle, "assoc_type": association.assoc_type, "is_expired": lambda: False}
        self.kept[association.handle] = SimpleNamespace(**members)

    def get(self, server_url: str, handle: str) -> list[Any]:
        return [self.kept[handle]] if handle in self.kept else []

    def remove(self, handles: list[str]) -> None:
        for handle in handles:
            self.kept.pop(handle, None)


class Site(BaseStrategy):
    """A web site with one visitor: what a framework would do for the library."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(SimpleNamespace(association=Nonces(), nonce=States()))
        self.settings, self.session, self.data = settings, {}, {}

    def get_setting(self, name: str) -> Any:
        return self.settings[name]

    def get_request_data(self, merge: bool = True) -> dict[str, Any]:
        return self.data

    def session_get(self, name: str, default: Any = None) -> Any:
        return self.session.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.session[name] = value

    def session_pop(self, name: str) -> Any:
        return self.session.pop(name, None)

    def build_absolute_uri(self, path: str | None = None) -> str:
        return str(path)

    def authenticate(self, backend: Any, *args: Any, **kwargs: Any) -> Any:
        """The user of this site is who the provider says."""
        response = kwargs["response"]
        return {**backend.get_user_details(response), "uid": backend.get_user_id({}, response)}


@pytest.fixture(params=[OIDC, AZURE])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def site(live_tls, ca, provider) -> Site:
    settings = {"SOCIAL_AUTH_VERIFY_SSL": str(ca.ca_file), "SOCIAL_AUTH_SECRET": SECRET}
    if provider == OIDC:
        own = {"OIDC_ENDPOINT": f"{live_tls.origin}/oidc/main", "KEY": "oidc-client"}
    else:
        own = {"AUTHORITY_URL": f"{live_tls.origin}/{CONTOSO}", "TENANT_ID": CONTOSO, "KEY": WEB}
    return Site(**settings, **{f"SOCIAL_AUTH_{name}": value for name, value in own.items()})


def backend(site: Site, provider: str) -> Any:
    if provider == OIDC:
        return OpenIdConnectAuth(site, redirect_uri="http://127.0.0.1:9999/callback")
    return AzureADV2TenantOAuth2(site, redirect_uri="http://localhost:9999/callback")


def visit(site: Site, provider: str, person: Any, decision: str = "allow") -> Any:
    """Press the site's button, sign in, and come back."""
    site.data = query(person.sign_in(backend(site, provider).auth_url(), decision))
    return backend(site, provider).auth_complete()


def test_a_visitor_signs_in(site, provider, alice):
    user = visit(site, provider, alice)

    assert (user["fullname"], user["email"]) == ("Alice Liddell", "alice@contoso.test")
    if provider == OIDC:
        assert user["uid"] == "alice"


def test_a_visitor_who_cancels_is_told_so(site, provider, alice):
    with pytest.raises(AuthCanceled):
        visit(site, provider, alice, "deny")


def test_the_answer_to_another_visitor_is_noticed(site, provider, alice):
    site.data = query(alice.sign_in(backend(site, provider).auth_url()))
    site.session.clear()

    with pytest.raises(AuthSessionError):
        backend(site, provider).auth_complete()


def test_the_site_goes_on_when_the_keys_change(site, provider, alice, sandbox):
    assert visit(site, provider, alice)
    with sandbox.world() as world:
        rotate_key(world, provider, "RS256")

    assert visit(site, provider, alice)["email"] == "alice@contoso.test"
