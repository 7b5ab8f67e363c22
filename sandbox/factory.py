"""Puts the pieces together, in order, and nothing else."""

from __future__ import annotations

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sandbox.config import Config, load_config
from sandbox.core.database import TemporaryDatabase, create_schema, engine_options, lock_schema, tune
from sandbox.core.fixtures import Fixture, load_fixture, shipped
from sandbox.core.state import seed_world
from sandbox.core.tables import Base
from sandbox.core.world import DEFAULT, find_world
from sandbox.mounts import Mounts
from sandbox.service import Sandbox
from sandbox.services import CHECKS, SERVICES
from sandbox.web import edge, own
from sandbox.web.files import TEMPLATES

MAX_BODY = 1_000_000


def create_app(config: Config | None = None) -> Flask:
    """A sandbox as a WSGI application.

    Raises ConfigError or FixtureError, each saying what to mend, and ValueError for a database that cannot be used.
    """
    config = config or load_config()
    fixture = load_fixture(config.fixtures or shipped("default.yaml"), CHECKS)

    app = Flask("sandbox", template_folder=str(TEMPLATES), static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it; vendors fix the order
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_env.globals["static_url"] = "/_sandbox/static/"
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY)

    db = _open_database(app, config)
    sandbox = Sandbox(config, fixture, SERVICES, lambda: Session(engine))
    with app.app_context():
        engine = db.engine
    _make_default_world(engine, sandbox, fixture)
    app.extensions["sandbox"] = sandbox

    mounts = Mounts(SERVICES.values(), public_url=config.public_url, allowed_hosts=_own_names(config))
    edge.install(app, sandbox, db, mounts)
    app.register_blueprint(own.pages)
    for service in SERVICES.values():
        app.register_blueprint(service.blueprint, url_prefix=f"/{service.slug}")
    return app


def _open_database(app: Flask, config: Config) -> SQLAlchemy:
    url = config.database
    if url is None:
        temporary = TemporaryDatabase()
        app.extensions["temporary_database"] = temporary
        url = temporary.url
    db = SQLAlchemy(model_class=Base)
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
    return db


def _make_default_world(engine: Engine, sandbox: Sandbox, fixture: Fixture) -> None:
    with Session(engine) as session, session.begin():
        connection = session.connection()
        lock_schema(connection)
        create_schema(connection)
        if find_world(session, DEFAULT, sandbox.ids) is None:
            seeders = {slug: service.seed for slug, service in sandbox.services.items()}
            seed_world(session, DEFAULT, fixture, seeders, sandbox.ids)


def _own_names(config: Config) -> tuple[str, ...]:
    return (*config.allowed_hosts, config.host.lower())
