"""The programs that other tests drive do answer, and a missing one is never missed quietly."""

import socket

import psycopg
import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, text

from tests.support.components import NodeError, PostgresServer, free_port, miss


def scalar(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(statement)).scalar_one()
    finally:
        engine.dispose()


def test_chromium_renders_a_page(browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto("data:text/html,<title>Sign in</title><p>Hello, <b>octocat</b></p>")

        assert page.title() == "Sign in"
        assert page.locator("p").inner_text() == "Hello, octocat"


def test_postgres_answers(postgres_url: str):
    assert scalar(postgres_url, "select 1") == 1


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_gets_an_empty_database(postgres_database: str, round_: int):
    engine = create_engine(postgres_database)
    with engine.begin() as connection:
        connection.execute(text("create table seen (id integer)"))
    engine.dispose()


def test_a_database_is_dropped_even_while_it_is_in_use(postgres_server: PostgresServer):
    with postgres_server.database() as url:
        left_open = psycopg.connect(url.replace("+psycopg", ""))

    with left_open, pytest.raises(psycopg.OperationalError):
        left_open.execute("select 1")


def test_node_runs_a_script_with_arguments_and_variables(node):
    printed = node("self-check.mjs", "octocat", env={"CLIENT_ID": "web-shop"})

    assert printed == {"subject": "octocat", "client": "web-shop"}


def test_a_failing_script_raises_what_it_wrote(node):
    with pytest.raises(NodeError, match=r"self-check\.mjs ended with 3:\nno such client"):
        node("self-check.mjs", "octocat", "no such client")


def test_a_free_port_can_be_listened_on():
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_missing_component_is_named_and_skips(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="MISSING TEST COMPONENT: Chromium"):
        miss("Chromium", "sudo apt-get install chromium")


def test_a_missing_component_fails_where_nothing_may_be_skipped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="MISSING TEST COMPONENT: Chromium"):
        miss("Chromium", "sudo apt-get install chromium")


def test_a_test_is_marked_by_what_it_needs(request: pytest.FixtureRequest, postgres_database: str):
    assert request.node.get_closest_marker("postgres")
    assert not request.node.get_closest_marker("chromium")
