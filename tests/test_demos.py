"""The sign-ins that the home page offers, each to its end."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from sandbox.services import SERVICES

ORIGIN = "http://localhost:9400"


@pytest.mark.parametrize("slug", [slug for slug, service in SERVICES.items() if service.demo_url])
def test_a_demo_of_the_home_page_shows_who_can_sign_in(sandbox: FlaskClient, slug: str) -> None:
    links = map(unescape, re.findall(r'href="([^"]+)">Try it', sandbox.get("/", base_url=ORIGIN).text))
    demo = SERVICES[slug].demo_url
    link = next(link for link in links if SERVICES[slug].title in sandbox.get(link, base_url=ORIGIN).text)

    assert demo is not None
    assert "Alice" in sandbox.get(link, base_url=ORIGIN).text
    assert urlsplit(link).netloc == "localhost:9400"


def test_only_an_exchange_that_takes_the_code_is_proposed(sandbox: FlaskClient) -> None:
    of_github = sandbox.get("/_sandbox/callback?code=c&state=github", base_url=ORIGIN)
    of_azure = sandbox.get("/_sandbox/callback?code=c&state=azure", base_url=ORIGIN)

    assert "/api/v1/oauth/token" in of_github.text
    assert "The code has arrived" in of_azure.text
    assert "/api/v1/oauth/token" not in of_azure.text
