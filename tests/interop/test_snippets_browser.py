"""The snippets for pages without a server, to the letter, each in Chromium as the page at its redirect URI."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.components import NODE_SCRIPTS
from tests.support.single_page import PATIENCE, open_single_page
from tests.support.snippets import snippet

# Stands in for the bundler, which would find the library by its name.
PAGE = """<!doctype html>
<title>Application</title>
<script type="importmap">{{"imports": {{"{package}": "/package.js"}}}}</script>
<script src="/library.js"></script>
<script type="module" src="/snippet.js"></script>
<body></body>
"""


@pytest.mark.parametrize(
    ("name", "package", "file", "exported", "shown"),
    [
        (
            "oidc-client-ts",
            "oidc-client-ts",
            "dist/browser/oidc-client-ts.min.js",
            "export const { UserManager } = oidc;",
            "Alice Liddell",
        ),
        (
            "msal-browser",
            "@azure/msal-browser",
            "lib/msal-browser.min.js",
            "export const { PublicClientApplication } = msal;",
            "alice@contoso.test",
        ),
    ],
    ids=lambda value: value if value in ("oidc-client-ts", "msal-browser") else "",
)
def test_a_page_signs_in(name, package, file, exported, shown, node, browser: Browser, live_tls, ca, tmp_path: Path):
    (tmp_path / "spa.html").write_text(PAGE.format(package=package), encoding="utf-8")
    files = {
        "/spa": tmp_path / "spa.html",
        "/library.js": NODE_SCRIPTS / "node_modules" / package / file,
        "/package.js": exported,
        "/snippet.js": snippet(name, live_tls, ca),
    }

    with open_single_page(browser.new_context, live_tls.origin, files) as spa:
        spa.press("as-alice")
        spa.press("allow")

        expect(spa.page.locator("body")).to_have_text(shown, timeout=PATIENCE)
