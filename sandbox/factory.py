"""Puts the pieces together, in order, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, lru_cache

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from werkzeug.routing import Map, Rule

from sandbox.config import Config, ConfigError, load_config
from sandbox.core.database import (
    TemporaryDatabase,
    content_of,
    create_schema,
    engine_options,
    in_memory,
    lock_schema,
    tune,
)
from sandbox.core.fixtures import load_fixture, shipped
from sandbox.core.identities import find_identity
from sandbox.core.ids import Ids
from sandbox.core.remembered import Remembered
from sandbox.core.session import Session
from sandbox.core.state import Origin, seed_world
from sandbox.core.store import last_entry
from sandbox.core.tables import Base
from sandbox.core.turns import Turns
from sandbox.core.world import DEFAULT, find_world
from sandbox.mounts import Mounts
from sandbox.service import House
from sandbox.services import CHECKS, SERVICES
from sandbox.web import edge, pages
from sandbox.web.control import control
from sandbox.web.files import COMPILED, TEMPLATES
from sandbox.web.sizes import MOST


class _MatchedRule(Rule):
    """A route that is only matched: mounts.py builds URLs. What matches its path is compiled once in a process."""

    def compile(self) -> None:
        """Take over what matches this path."""
        known = _compiled(self.rule)
        self._parts, self._trace, self._converters = known._parts, known._trace, known._converters
        self.arguments |= known.arguments
        self._build = self._build_unknown = _refuse_to_build


@cache
def _compiled(path: str) -> Rule:
    Map([rule := _RuleWithoutBuilder(path)], merge_slashes=False)
    return rule


class _RuleWithoutBuilder(Rule):
    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: ARG002 - as Werkzeug calls it
        return _refuse_to_build


def _refuse_to_build(*_: object, **__: object) -> tuple[str, str]:
    raise RuntimeError("url_for knows no mounts; build the URL with Mount.url")


def create_app(config: Config | None = None, *, listener: str = "") -> Flask:
    """A sandbox as a WSGI application.

    `listener` is a word of its own for each further process on one database: with a seed they must not draw the same.
    Raises ConfigError or FixtureError, each saying what to mend, and ValueError for a database that cannot be used.
    """
    config = config or load_config()
    fixture = load_fixture(config.fixtures or shipped("default.yaml"), CHECKS)

    app = Flask("sandbox", template_folder=str(TEMPLATES), static_folder=None)
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]  # as Flask documents; no view is a coroutine
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it; vendors fix the order
    app.url_rule_class = _MatchedRule
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_env.bytecode_cache = COMPILED
    app.jinja_env.globals["static_url"] = "/_sandbox/static/"
    app.config.update(MAX_CONTENT_LENGTH=MOST, MAX_FORM_MEMORY_SIZE=MOST)

    origin = Origin(fixture, tuple((slug, service.seed) for slug, service in SERVICES.items()), CHECKS)
    temporary = TemporaryDatabase(_seeded(origin)) if config.database is None else None
    engine = _open_database(app, temporary.url if temporary else str(config.database))
    remembered = Remembered()

    def close() -> None:
        engine.dispose()
        if temporary:
            temporary.remove()

    mounts = Mounts(SERVICES.values(), public_url=config.public_url, allowed_hosts=_own_names(config))
    sandbox = House(
        config,
        origin,
        SERVICES,
        mounts,
        open_session=lambda: Session(engine, remembered),
        close=close,
        turns=Turns().taken if engine.dialect.name == "sqlite" else nullcontext,
    )
    app.extensions["sandbox"] = sandbox
    if temporary is None:
        _make_default_world(engine, origin)
    _check_approval(sandbox)
    if config.random_seed is not None:
        sandbox.ids = Ids(config.random_seed, _past(sandbox), listener)

    edge.install(app, sandbox, mounts)
    pages.install(app)
    app.register_blueprint(pages.pages)
    app.register_blueprint(control)
    for service in SERVICES.values():
        app.register_blueprint(service.blueprint, url_prefix=f"/{service.slug}")
    return app


def _open_database(app: Flask, url: str) -> Engine:
    db = SQLAlchemy(model_class=Base)
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        return db.engine


@lru_cache(maxsize=4)
def _seeded(origin: Origin) -> bytes:
    # Copied into each temporary database of the process, since seeding costs more than the rest of an app.
    def seed(engine: Engine) -> bytes:
        _make_default_world(engine, origin)
        return content_of(engine)

    return in_memory(seed)


def _make_default_world(engine: Engine, origin: Origin) -> None:
    with Session(engine) as session, session.begin():
        connection = session.connection()
        lock_schema(connection)
        create_schema(connection)
        # No seeder draws ids: two apps on one fixture start alike, and share no secret.
        ids = Ids()
        if find_world(session, DEFAULT, ids) is None:
            seed_world(session, DEFAULT, origin.fixture, origin.seeders, ids)


def _past(sandbox: House) -> int:
    with sandbox.open_session() as session, session.begin():
        # Not how many there are, since the oldest ones go.
        return last_entry(session)


def _check_approval(sandbox: House) -> None:
    mode, _, login = sandbox.config.approval.partition("=")
    if mode != "always":
        return
    with sandbox.world() as world:
        identity = find_identity(world, login)
    if identity is None or identity.deactivated:
        sandbox.close()
        raise ConfigError(f"approval = {sandbox.config.approval!r}: nobody called {login!r} can sign in")


def _own_names(config: Config) -> tuple[str, ...]:
    names = (config.host.lower(), *config.tls_name)
    # A Host header has the address of IPv6 in brackets (RFC 3986 section 3.2.2).
    return (*config.allowed_hosts, *(f"[{name}]" if ":" in name else name for name in names))
