"""The control API of a sandbox from Python: every verb as a method, every answer as a value.

Speaks HTTP alone and loads nothing of the server, so it works against a sandbox in another process or machine.
"""

from sandbox.client.cast import Cast
from sandbox.client.client import SandboxClient
from sandbox.client.clock import ClockControl
from sandbox.client.errors import SandboxError
from sandbox.client.faults import ArmedFault
from sandbox.client.journal import Journal
from sandbox.client.keys import Keys
from sandbox.client.mailbox import Mailbox
from sandbox.client.values import (
    ClockReading,
    Fault,
    Finding,
    Flow,
    Key,
    Login,
    Mail,
    Recipe,
    Request,
    Token,
    Verdict,
    World,
)
from sandbox.client.worlds import Worlds

__all__ = [
    "ArmedFault",
    "Cast",
    "ClockControl",
    "ClockReading",
    "Fault",
    "Finding",
    "Flow",
    "Journal",
    "Key",
    "Keys",
    "Login",
    "Mail",
    "Mailbox",
    "Recipe",
    "Request",
    "SandboxClient",
    "SandboxError",
    "Token",
    "Verdict",
    "World",
    "Worlds",
]
