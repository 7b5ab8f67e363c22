"""What an admin says about e-mail, over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.exchanges.insforge.admin.routes import admin_world
from sandbox.exchanges.insforge.email import settings, wire


def get_smtp_config() -> Response:
    """GET /api/auth/smtp-config: the project's own mail server."""
    return wire.render_smtp_config(settings.get_smtp_config(admin_world()))


def update_smtp_config() -> Response:
    """PUT /api/auth/smtp-config: save another one."""
    world = admin_world()
    return wire.render_smtp_config(settings.update_smtp_config(world, wire.parse_smtp_config()))


def list_email_templates() -> Response:
    """GET /api/auth/email-templates: what each kind of e-mail says."""
    return wire.render_templates(settings.list_templates(admin_world()))


def update_email_template(template_type: str) -> Response:
    """PUT /api/auth/email-templates/{type}: let one of them say something else."""
    world = admin_world()
    settings.check_template(template_type)
    return wire.render_template(settings.update_template(world, template_type, *wire.parse_template()))


def register_email(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/api/auth/smtp-config")(get_smtp_config)
    room.put("/api/auth/smtp-config")(update_smtp_config)
    room.get("/api/auth/email-templates")(list_email_templates)
    room.put("/api/auth/email-templates/<template_type>")(update_email_template)
