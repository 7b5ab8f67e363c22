"""The shapes of the messages that a console page sends to a dashboard."""

from __future__ import annotations

import json

from sandbox.providers.insforge_cloud.people import User
from sandbox.providers.insforge_cloud.projects import Project


def project_info(project: Project) -> str:
    """The answer to REQUEST_PROJECT_INFO."""
    return json.dumps(
        {
            "type": "PROJECT_INFO",
            "id": project.id,
            "name": project.name,
            "region": project.region,
            "instanceType": project.instance_type,
            "status": project.status,
            "isBranch": False,
        }
    )


def user_info(user: User) -> str:
    """The answer to REQUEST_USER_INFO."""
    return json.dumps({"type": "USER_INFO", "userId": user.id, "email": user.email or "", "name": user.name})
