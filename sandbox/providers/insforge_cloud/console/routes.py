"""The console over HTTP: sign in, choose a project, hand its dashboard a code."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.browser import (
    check_same_origin,
    let_load,
    new_cookie,
    redirect_to,
    remembered,
    renew_session,
    session_cookie,
)
from sandbox.core.identities import face, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.picker import is_search
from sandbox.protocol import authorization
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.redirects import origin
from sandbox.providers.insforge_cloud import pages, projects
from sandbox.providers.insforge_cloud.codes import rules as codes
from sandbox.providers.insforge_cloud.codes.wire import render_code
from sandbox.providers.insforge_cloud.console import rules, wire
from sandbox.providers.insforge_cloud.people import SLUG, get_user
from sandbox.service import current_approval, current_mount, current_world

# Where the sandbox's own dashboard is, unless the fixture gives a project another.
DASHBOARD = ("insforge", "/dashboard")


def console() -> ResponseReturnValue:
    """GET /console: the projects of whoever is signed in."""
    return _for_somebody(current_mount().url("/console"), _list)


def project(project_id: str) -> ResponseReturnValue:
    """GET /console/{project}: the project's dashboard in a frame, or in a tab of its own."""
    found = projects.get_project(current_world(), project_id)
    return _for_somebody(current_mount().url(f"/console/{found.id}"), lambda login: _open(project_id, login))


def project_code(project_id: str) -> Response:
    """POST /console/{project}/code: what the page hands to the dashboard when that asks."""
    check_same_origin()
    world = current_world()
    session = rules.get_session(world, session_cookie(SLUG))
    found = projects.get_visible_project(world, project_id, session.login)
    return render_code(codes.authorize_user(world, found, session.login))


def sign_in() -> ResponseReturnValue:
    """POST /console: what a person pressed on the console's sign-in page."""
    check_same_origin()
    world, form = current_world(), request.form
    transaction = authorization.get_transaction(world, SLUG, form.get("transaction", ""))
    if not rules.is_consoles(transaction):
        raise Refusal(Reason.TRANSACTION_UNKNOWN, "this sign-in was not begun at the console")
    if form.get("decision") == "deny":
        authorization.decide(world, transaction)
        raise Refusal(Reason.ACCESS_DENIED, "the person pressed Cancel")
    if leaving := form.get("sign_out"):
        rules.sign_out(world, session_cookie(SLUG), leaving)
    if "sign_out" in form or is_search(form):
        return _page(transaction)
    return _sign_in(transaction, (form.get("identity") or form.get("login", "")).strip())


def sign_out() -> Response:
    """POST /console/sign-out: end the session of this browser."""
    check_same_origin()
    rules.sign_out(current_world(), session_cookie(SLUG))
    return redirect_to(current_mount().url("/console"))


def register_console(room: Blueprint) -> None:
    """Add the console to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/console")(console)
    room.post("/console")(sign_in)
    room.post("/console/sign-out")(sign_out)
    room.get("/console/<project_id>")(project)
    room.post("/console/<project_id>/code")(project_code)


def _for_somebody(address: str, show: Callable[[str], Response]) -> ResponseReturnValue:
    """The page for whoever is signed in, or the sign-in page, from which the browser goes on to `address`."""
    world, cookie = current_world(), session_cookie(SLUG)
    session = rules.find_session(world, cookie)
    if session is not None:
        return show(session.login)
    hint, cookie = request.args.get("login_hint"), cookie or new_cookie()
    transaction = rules.begin_sign_in(world, address, hint)
    login = rules.automatic_login(world, current_approval(), hint)
    if login is None:
        return _page(transaction)
    rules.sign_in(world, transaction, login, cookie)
    # Shown at once: a redirect would go in circles for a client that keeps no cookies.
    renew_session(SLUG, SLUG, cookie, "/")
    return show(login)


def _sign_in(transaction: Transaction, login: str) -> ResponseReturnValue:
    world, cookie = current_world(), session_cookie(SLUG) or new_cookie()
    try:
        rules.sign_in(world, transaction, login, cookie)
    except Refusal as refusal:
        return _page(transaction, refusal, login)
    renew_session(SLUG, SLUG, cookie, "/", max_age=remembered(rules.SESSION_TTL))
    return redirect_to(transaction.request.redirect_uri)


def _list(login: str) -> Response:
    world, here = current_world(), current_mount()
    page = render_template(
        "insforge_console.html",
        vendor=pages.VENDOR,
        identity=face(get_identity(world, login)),
        projects=[
            {"project": shown, "url": here.url(f"/console/{shown.id}")}
            for shown in projects.list_projects(world, login)
        ],
        sign_out=here.url("/console/sign-out"),
    )
    return make_response(page)


def _open(project_id: str, login: str) -> Response:
    world, here = current_world(), current_mount()
    found = projects.get_visible_project(world, project_id, login)
    slug, path = DASHBOARD
    dashboard = found.dashboard_url or here.at(slug, by_prefix=True).url(path)
    page = render_template(
        "insforge_project.html",
        vendor=pages.VENDOR,
        project=found,
        dashboard_url=dashboard,
        dashboard_origin=origin(dashboard),
        code_url=here.url(f"/console/{found.id}/code"),
        console_url=here.url("/console"),
        project_info=wire.project_info(found),
        user_info=wire.user_info(get_user(world, login)),
    )
    return let_load(make_response(page), script=True, calls=["'self'"], frames=[dashboard], tells_origin=True)


def _page(transaction: Transaction, refusal: Refusal | None = None, typed: str | None = None) -> Response:
    application = pages.Application(f"{pages.VENDOR} console", rules.CONSOLE)
    action = current_mount().url("/console")
    return pages.sign_in(transaction, application, action, refusal=refusal, typed=typed)
