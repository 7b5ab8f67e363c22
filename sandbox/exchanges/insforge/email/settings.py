"""The SMTP configuration and the templates of e-mails, kept as rows once an admin has changed them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.core.world import World
from sandbox.exchanges.insforge import settings
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.refusals import invalid
from sandbox.exchanges.insforge.settings import NEVER_SAVED

_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "templates.insforge.app")
_SMTP, _TEMPLATE = "smtp", "template/"
# {type: (subject, what stands between the paragraph's tags)}, in the order in which they are listed.
_TEMPLATES = {
    "email-verification-code": ("Verify your email", "Your code is {{ token }}."),
    "email-verification-link": ("Verify your email", '<a href="{{ link }}">Verify your email</a>'),
    "request-otp": ("Your sign-in code", "Your code is {{ token }}."),
    "reset-password-code": ("Reset your password", "Your code is {{ token }}."),
    "reset-password-link": ("Reset your password", '<a href="{{ link }}">Reset your password</a>'),
}


@dataclass(frozen=True)
class SmtpConfig:
    """The project's own mail server; `id` is all zeros until an admin has saved it once. Times in seconds."""

    id: str
    created_at: int
    updated_at: int
    enabled: bool = False
    host: str = ""
    port: int = 465
    username: str = ""
    has_password: bool = False
    sender_email: str = ""
    sender_name: str = ""
    min_interval_seconds: int = 60


@dataclass(frozen=True)
class EmailTemplate:
    """What one kind of e-mail says."""

    id: str
    type: str
    subject: str
    body_html: str
    created_at: int
    updated_at: int


def get_smtp_config(world: World) -> SmtpConfig:
    """The SMTP configuration as it is now."""
    kept = settings.find_kept(world, _SMTP)
    return SmtpConfig(**kept) if kept else SmtpConfig(NEVER_SAVED, world.now(), world.now())


def update_smtp_config(world: World, changed: Mapping[str, Any]) -> SmtpConfig:
    """Save another configuration; what it does not say of the password stays."""
    world.store.lock(f"{SLUG} {_SMTP}")
    before = get_smtp_config(world)
    config_id = world.ids.uuid() if before.id == NEVER_SAVED else before.id
    config = replace(before, id=config_id, updated_at=world.now(), **changed)
    settings.keep(world, _SMTP, vars(config))
    return config


def list_templates(world: World) -> list[EmailTemplate]:
    """All templates, by their types."""
    return [_find(world, name) for name in _TEMPLATES]


def update_template(world: World, name: str, subject: str, body_html: str) -> EmailTemplate:
    """Let one kind of e-mail say something else."""
    world.store.lock(f"{SLUG} {_TEMPLATE}{name}")
    template = replace(_find(world, name), subject=subject, body_html=body_html, updated_at=world.now())
    settings.keep(world, _TEMPLATE + name, vars(template))
    return template


def check_template(name: str) -> None:
    """Refuse a type that no e-mail has. Raises Refusal: FIELD_INVALID."""
    if name not in _TEMPLATES:
        raise invalid(f"Invalid template type. Must be one of: {', '.join(_TEMPLATES)}", "type")


def _find(world: World, name: str) -> EmailTemplate:
    kept = settings.find_kept(world, _TEMPLATE + name)
    if kept:
        return EmailTemplate(**kept)
    subject, text = _TEMPLATES[name]
    # As old as the project is.
    begun = settings.get_config(world).created_at
    return EmailTemplate(str(uuid.uuid5(_IDS, name)), name, subject, f"<p>{text}</p>", begun, begun)
