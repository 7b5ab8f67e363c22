"""The shapes of what an admin says about e-mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from sandbox.exchanges.insforge import contract
from sandbox.exchanges.insforge.email.settings import EmailTemplate, SmtpConfig
from sandbox.exchanges.insforge.wire import checked, iso, parse_body, render

_DEFAULTS = {"host": "", "username": "", "senderEmail": "", "senderName": "", "minIntervalSeconds": 60}


def parse_smtp_config() -> dict[str, Any]:
    """An SMTP configuration. One that is enabled must be whole."""
    fields = {**_DEFAULTS, **parse_body(contract.UPSERT_SMTP_CONFIG)}
    if fields["enabled"]:
        checked(contract.ENABLED_SMTP_CONFIG, fields)
    return {
        "enabled": fields["enabled"],
        "host": fields["host"],
        "port": int(fields["port"]),
        "username": fields["username"],
        "sender_email": fields["senderEmail"],
        "sender_name": fields["senderName"],
        "min_interval_seconds": int(fields["minIntervalSeconds"]),
        **({"has_password": True} if "password" in fields else {}),
    }


def parse_template() -> tuple[str, str]:
    """The subject and the body of a template."""
    fields = parse_body(contract.UPDATE_EMAIL_TEMPLATE)
    return fields["subject"], fields["bodyHtml"]


def render_smtp_config(config: SmtpConfig) -> Response:
    """The SMTP configuration, which tells nobody the password."""
    return render(
        {
            "id": config.id,
            "enabled": config.enabled,
            "host": config.host,
            "port": config.port,
            "username": config.username,
            "hasPassword": config.has_password,
            "senderEmail": config.sender_email,
            "senderName": config.sender_name,
            "minIntervalSeconds": config.min_interval_seconds,
            "createdAt": iso(config.created_at),
            "updatedAt": iso(config.updated_at),
        }
    )


def render_templates(templates: Iterable[EmailTemplate]) -> Response:
    """All templates."""
    return render({"data": [_template(template) for template in templates]})


def render_template(template: EmailTemplate) -> Response:
    """One template."""
    return render(_template(template))


def _template(template: EmailTemplate) -> dict[str, Any]:
    return {
        "id": template.id,
        "templateType": template.type,
        "subject": template.subject,
        "bodyHtml": template.body_html,
        "createdAt": iso(template.created_at),
        "updatedAt": iso(template.updated_at),
    }
