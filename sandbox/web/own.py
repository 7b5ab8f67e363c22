"""The sandbox's own pages: home, the landing page of the demo, the mailbox, health, static files.

Adds no behaviour to any room.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from mimetypes import guess_type

from flask import Blueprint, Response, render_template, request

from sandbox.core.identities import face, list_identities
from sandbox.core.refusals import Reason, Refusal
from sandbox.mounts import Mount
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.files import STATIC
from sandbox.web.mailbox import show_mailbox
from sandbox.web.snippets import show_all

pages = Blueprint("own", __name__)
pages.get("/_sandbox/mailbox")(show_mailbox)


@pages.get("/")
def home() -> str:
    """What is here, where the rooms are and who can sign in."""
    mount, world = current_mount(), current_world()
    services = current_house().services.values()
    callback = demo_callback(mount)
    demos = {
        service.slug: service.demo_url(mount.at(service.slug), callback) for service in services if service.demo_url
    }
    first = next(iter(demos), "")
    return render_template(
        "home.html",
        version=_version(),
        origin=mount.origin,
        services=[
            {
                "slug": service.slug,
                "title": service.title,
                "kind": service.kind,
                "summary": service.summary,
                "demo_url": demos.get(service.slug),
                "base_url": mount.at(service.slug, by_prefix=service.by_prefix).url(service.base_path),
            }
            for service in services
        ],
        sign_in_url=demos.get(first),
        sign_in_title=current_house().services[first].title if first else None,
        identities=[face(identity) for identity in list_identities(world)],
    )


@pages.get("/_sandbox/callback")
def callback() -> str:
    """Where the demo's sign-in lands: shows what the provider sent, and the request that swaps the code."""
    mount, code, provider = current_mount(), request.args.get("code", ""), request.args.get("state")
    services = current_house().services.values() if code else ()
    exchange = next((one for one in services if one.demo_command and one.demo_provider == provider), None)
    return render_template(
        "callback.html",
        parameters=[{"name": name, "value": value} for name, value in request.args.items(multi=True)],
        succeeded=bool(code),
        exchange=exchange.title if exchange else None,
        command=exchange.demo_command(mount.at(exchange.slug), code) if exchange and exchange.demo_command else None,
    )


@pages.get("/_sandbox/snippets")
def snippets() -> str:
    """The lines that point each client library at this origin, for copying."""
    sandbox, mount = current_house(), current_mount()
    return render_template(
        "snippets.html",
        origin=mount.origin,
        config=sandbox.config,
        shown=list(show_all(sandbox.services.values(), current_world(), mount, sandbox.config)),
    )


@pages.get("/_sandbox/health")
def health() -> dict[str, object]:
    """Answers when the sandbox can: its database was read to get here."""
    return {"status": "ok", "version": _version(), "world": current_world().name}


@pages.get("/_sandbox/static/<name>")
def static(name: str) -> Response:
    """The style sheet and the pictures of the pages. Raises Refusal: ROUTE_UNKNOWN."""
    # Looked up among the files there are, so that no name is ever taken for a path.
    file = next((file for file in STATIC.iterdir() if file.name == name), None)
    if file is None:
        raise Refusal(Reason.ROUTE_UNKNOWN, f"there is no file called {name!r}")
    response = Response(file.read_bytes(), content_type=guess_type(name)[0] or "application/octet-stream")
    response.headers["Cache-Control"] = "max-age=3600"
    response.add_etag()
    response.make_conditional(request)
    return response


def demo_callback(mount: Mount) -> str | None:
    """The demo's redirect URI on this origin, or None where the shipped cast has none registered.

    The shipped client registers `localhost`, which stands for any loopback port; 127.0.0.1 would be another host.
    """
    scheme, _, host = mount.origin.partition("://")
    name, colon, port = host.partition(":")
    if name not in ("localhost", "127.0.0.1"):
        return None
    return f"{scheme}://localhost{colon}{port}/_sandbox/callback"


def _version() -> str:
    try:
        return version("idp-sandbox")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
