"""The login in a browser over HTTP: which providers there are, to one and back, and the sign-out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.browser import redirect_to
from sandbox.exchanges.prisme import cookies, wire
from sandbox.exchanges.prisme.login import answers, rules
from sandbox.exchanges.prisme.login.rules import Callback
from sandbox.exchanges.prisme.opening import open_session
from sandbox.exchanges.prisme.providers import list_providers
from sandbox.exchanges.prisme.rules import sign_in
from sandbox.service import current_mount, current_world


def register_login(room: Blueprint) -> None:
    """Put the endpoints of the login in a browser on the blueprint."""
    room.add_url_rule("/v2/login/providers", view_func=list_login_providers, methods=["GET"])
    room.add_url_rule("/v2/login", view_func=begin_login, methods=["GET"])
    room.add_url_rule("/v2/login/oauth", view_func=begin_login, methods=["GET"])
    room.add_url_rule("/v2/login/callback", view_func=finish_login, methods=["GET"])
    room.add_url_rule("/oidc/session/end", view_func=end_session, methods=["GET"])


def list_login_providers() -> Response:
    """What a login screen offers."""
    mount = current_mount()
    offered = list_providers(current_world())
    return wire.render(wire.render_providers(offered, mount.url("/v2"), mount.url(""), answers.console_url()))


def begin_login() -> Response:
    """Send the browser to a provider."""
    world, browser = current_world(), cookies.new_browser()
    provider = rules.choose_provider(world, request.args.get("provider"), request.args.get("domain"))
    if provider is None:
        return wire.render(wire.render_local())
    away = redirect_to(rules.begin(world, provider, browser, current_mount().url("/v2/login/callback")))
    return cookies.keep_browser(away, browser)


def finish_login() -> Response:
    """The browser is back: open a session and send it to the console."""
    world, query = current_world(), request.args
    back = Callback(query.get("code"), query.get("state"), query.get("error"))
    provider, profile = rules.finish(world, cookies.read_browser(), back)
    user = sign_in(world, provider, profile)
    home = redirect_to(answers.console_url())
    return cookies.keep_session(home, open_session(world, user, None, provider.slug))


def end_session() -> Response:
    """Take the cookies away; the token stays good until it expires, as at the vendor."""
    return cookies.clear(answers.send_on(request.args.get("post_logout_redirect_uri")))
