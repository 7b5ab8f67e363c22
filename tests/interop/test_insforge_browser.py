"""@insforge/sdk, unmodified, in Chromium: a page of another origin signs in, is loaded again, refreshes, signs out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from sandbox.threads import ThreadServer
from tests.support.components import NODE_SCRIPTS
from tests.support.insforge import NEW, cloud_code, configure, setting
from tests.support.single_page import SinglePage, application, open_single_page

Open = Callable[..., AbstractContextManager[SinglePage]]
NOBODY = {"message": "No refresh token provided", "statusCode": 401, "error": "AUTH_UNAUTHORIZED"}
in_both_modes = pytest.mark.parametrize("cookies", ["relaxed", "strict"])


@pytest.fixture(scope="module")
def bundle(node: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK with all that it needs, as one script."""
    made = tmp_path_factory.mktemp("bundle") / "insforge.js"
    command = ["node_modules/.bin/esbuild", "@insforge/sdk", "--bundle", "--format=iife", "--global-name=insforge"]
    # A browser has Web Crypto, and never comes to where Node.js would be asked for it.
    where = ["--platform=browser", "--external:crypto", f"--outfile={made}"]
    subprocess.run([*command, *where], cwd=NODE_SCRIPTS, check=True, capture_output=True)
    return made


@pytest.fixture
def open_spa(bundle: Path, browser: Browser, live: ThreadServer, sandbox: Any) -> Open:
    """Open the application on the sandbox's host name, which cookies need: `with open_spa("strict") as spa:`."""
    origin = f"http://localhost:{live.port}"

    def open_spa(cookies: str | None = None, **settings: str) -> Any:
        configure(sandbox, secure_cookies=cookies)
        known = {"server": origin, "anonKey": setting(sandbox, "anon_key"), "provider": "github", **settings}
        return open_single_page(browser.new_context, origin, application("spa-insforge.js", str(bundle), known))

    return open_spa


def calls(sandbox: Any) -> list[tuple[str, int]]:
    """What was asked of InsForge, preflights left out."""
    entries = (entry for entry in sandbox.journal() if entry.service == "insforge" and entry.method != "OPTIONS")
    return [(entry.operation, entry.status) for entry in entries]


@in_both_modes
def test_a_person_signs_in_elsewhere_and_stays_signed_in(open_spa, sandbox, cookies):
    with open_spa(cookies) as spa:
        nobody = spa.told()
        spa.sign_in("alice")
        signed_in = spa.told()
        spa.page.reload()
        loaded_again = spa.told()
        spa.press("renew")
        renewed = spa.told()
        spa.press("sign-out")
        signed_out = spa.told()

    assert nobody == {"user": None, "error": NOBODY, "done": None}
    assert (signed_in["user"]["email"], signed_in["error"]) == ("alice@contoso.test", None)
    assert loaded_again["user"] == renewed["user"] == signed_in["user"]
    assert signed_out == nobody
    assert [call for call in calls(sandbox) if call[0] in ("exchange_oauth_code", "end_session")] == [
        ("exchange_oauth_code", 200),
        ("end_session", 200),
    ]


@in_both_modes
def test_whoever_signs_up_stays_signed_in(open_spa, cookies):
    with open_spa(cookies, email=NEW["email"], password=NEW["password"]) as spa:
        signed_up = spa.told()
        spa.page.reload()
        loaded_again = spa.told()

    assert signed_up["user"]["email"] == NEW["email"]
    assert loaded_again["user"] == signed_up["user"]


@pytest.mark.parametrize("provider", ["microsoft", "google", "sandbox"])
def test_every_provider_leads_back_to_the_page(open_spa, provider):
    with open_spa(provider=provider) as spa:
        spa.told()
        spa.press("sign-in")
        spa.press("as-alice")
        spa.page.wait_for_load_state()
        if spa.page.locator("[id='allow']").count():
            spa.press("allow")
        spa.page.wait_for_url("http://localhost:9998/spa*")
        signed_in = spa.told()

    assert signed_in["user"]["providers"] == [provider]


def test_an_expired_access_token_is_refreshed_by_the_sdk_itself(open_spa, sandbox):
    with open_spa(email=NEW["email"], password=NEW["password"]) as spa:
        spa.told()
        sandbox.clock.advance(minutes=15)
        spa.press("single-sign-on")
        changed = spa.told()

    assert changed["done"]["profile"] == {"bio": "changed"}
    assert calls(sandbox)[-3:] == [("update_profile", 401), ("refresh_session", 200), ("update_profile", 200)]


def test_an_unknown_provider_is_told_to_the_page(open_spa):
    with open_spa(provider="nope") as spa:
        spa.told()
        spa.press("sign-in")

        assert spa.told()["error"]["message"] == "Custom OAuth provider nope is not configured."


ADMIN = """
async ({ code, apiKey }) => {
  const connect = (more) => insforge.createClient({ baseUrl: settings.server, retryCount: 0, ...more }).getHttpClient();
  const here = (more) => ({ credentials: "include", skipAuthRefresh: true, ...more });
  const facts = ({ name, message, statusCode, error, nextActions = null }) => {
    return { name, message, statusCode, error, nextActions };
  };
  const post = (path, body, headers) => connect().post(`/api/auth/admin/${path}`, body, here({ headers }));

  const session = await post("sessions/exchange", { code });
  const csrf = { "X-CSRF-Token": session.csrfToken };
  const asAdmin = connect({ accessToken: session.accessToken });
  return {
    session,
    current: await asAdmin.get("/api/auth/admin/sessions/current"),
    users: await asAdmin.get("/api/auth/users"),
    renewed: await post("refresh", undefined, csrf),
    wrong: await post("refresh", undefined, { "X-CSRF-Token": "x" }).catch(facts),
    done: await post("logout", undefined, csrf),
    gone: await post("refresh", undefined, csrf).catch(facts),
    bad: await post("sessions/exchange", { code: "x" }).catch(facts),
  };
}
"""


@in_both_modes
def test_an_admin_comes_by_a_code_of_the_cloud_and_goes(open_spa, sandbox, cookies):
    with open_spa(cookies, email=NEW["email"], password=NEW["password"]) as spa:
        spa.told()
        done = spa.page.evaluate(ADMIN, {"code": cloud_code(sandbox)})

    admin = {"sub": "cloud:user_123"}
    assert done["session"]["admin"] == done["current"]["admin"] == done["renewed"]["admin"] == admin
    assert [user["email"] for user in done["users"]["data"]] == [NEW["email"]]
    assert done["renewed"]["csrfToken"] == done["session"]["csrfToken"]
    assert done["done"] == {"success": True, "message": "Logged out successfully"}
    assert done["wrong"] == told(403, "FORBIDDEN", "Invalid CSRF token")
    assert done["gone"] == told(401, "AUTH_UNAUTHORIZED", "No admin refresh token provided")
    assert done["bad"] == told(
        400,
        "AUTH_INVALID_CREDENTIALS",
        "Invalid cloud authorization code: Invalid Compact JWS",
        "Check the token is valid or login to get a new token.",
    )


def told(status: int, error: str, message: str, next_actions: str | None = None) -> dict[str, Any]:
    known = {"message": message, "statusCode": status, "error": error, "nextActions": next_actions}
    return {"name": "InsForgeError", **known}
