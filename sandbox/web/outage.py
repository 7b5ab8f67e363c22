"""Answers while the database is away: 503 in the room's own words, to be asked again in a moment.

Leaves nothing in the journal, which is in that database too. What counts as an outage says core/outage.py.
"""

from __future__ import annotations

import logging

from flask import Response, current_app, g, request

from sandbox.core.refusals import Refusal
from sandbox.core.session import Session

log = logging.getLogger("sandbox")

# Seconds after which a client may come again.
_AGAIN = 1


def give_up(session: Session, outage: Refusal, error: Exception) -> Response:
    """The answer to a request that `error` has ended. Whether what it did was kept is not known if it was committing.

    Nobody retries it here: it may have asked somebody outside already.
    """
    cause = str(getattr(error, "orig", None) or error).partition("\n")[0]
    log.warning("%s %s: %s: %s", request.method, request.environ["sandbox.path"], outage.detail, cause)
    # Nothing more can be asked of this world, neither by who renders the answer nor by who sends it.
    session.close()
    g.pop("world", None)
    response = current_app.make_response(current_app.handle_user_exception(outage))
    response.headers["Retry-After"] = str(_AGAIN)
    return response
