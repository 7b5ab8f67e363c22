"""The room's endpoints: those of Entra ID, and those of Microsoft Graph."""

from __future__ import annotations

from flask import Blueprint

from sandbox.providers.azure.graph.routes import register_graph
from sandbox.providers.azure.login.logout_routes import register_logout
from sandbox.providers.azure.login.routes import register_pages
from sandbox.providers.azure.login.token_routes import register_endpoints

room = Blueprint("azure", __name__)
register_pages(room)
register_endpoints(room)
register_logout(room)
register_graph(room)
