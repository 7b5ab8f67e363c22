"""Tokens without a login: any kind that a room issues, for anybody, and wrong in one way if that is wanted.

How one is minted is web/minting.py's, and how one is explained web/explained.py's.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.explaining import LONGEST
from sandbox.core.forgery import TAMPERS
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.problems import refused
from sandbox.web.control.shapes import NULLABLE, OBJECT, TEXT, list_of, schema
from sandbox.web.explained import explain_here
from sandbox.web.minting import PARAMETERS, allowed_members, mint

# Thirty years: what lives longer no date of a vendor can show.
_LONGEST = 946_080_000
_TEXT = {"type": "string", "maxLength": 2000}
MINT = schema(
    "MintRequest",
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "service": {**_TEXT, "description": "The room that issues it."},
            "kind": {**_TEXT, "description": "One of those that GET /tokens lists."},
            **dict.fromkeys(PARAMETERS, _TEXT),
            "claims": {"type": "object", "description": "Claims that a JWT is to have as well; null takes one away."},
            "ttl": {
                "type": "integer",
                "minimum": -_LONGEST,
                "maximum": _LONGEST,
                "description": "Seconds from now; negative: it has expired.",
            },
            "tamper": {**_TEXT, "description": "What is to be wrong with it."},
        },
        "required": ["service", "kind"],
    },
)
MINTED = schema(
    "Token",
    {
        "type": "object",
        "properties": {
            "token": TEXT,
            "service": TEXT,
            "kind": TEXT,
            "expires_at": {"type": ["integer", "null"], "description": "Epoch seconds; null: it does not."},
            "claims": OBJECT,
            "header": OBJECT,
            "flow": TEXT,
        },
    },
)
_NAMES = list_of(TEXT)
KINDS = schema(
    "TokenKinds",
    {
        "type": "object",
        "properties": {
            "kinds": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "service": TEXT,
                        "kind": TEXT,
                        "format": {"enum": ["jwt", "opaque"]},
                        "summary": TEXT,
                        "parameters": _NAMES,
                    },
                },
            },
            "tampers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": TEXT, "summary": TEXT, "kinds": _NAMES},
                },
            },
        },
    },
)


_MOMENT = {"type": ["integer", "null"]}
_MEMBERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "value": {},
            "meaning": NULLABLE,
            "spec": {**NULLABLE, "description": "Which specification gives it that meaning, or which service."},
            "reading": {**NULLABLE, "description": "What the value comes to, in words, by the clock of the world."},
        },
    },
}
EXPLANATION = schema(
    "Explanation",
    {
        "type": "object",
        "required": ["format", "header", "claims", "signature", "issued_by", "problems", "valid_now", "known"],
        "properties": {
            "format": {"enum": ["jwt", "opaque", "unknown"], "description": "Opaque: the sandbox has issued it."},
            "header": {"type": ["object", "null"]},
            "header_claims": _MEMBERS,
            "claims": _MEMBERS,
            "signature": {
                "type": "object",
                "properties": {
                    "status": {"enum": ["valid", "invalid", "unsigned", "key-unknown", "none"]},
                    "detail": TEXT,
                    "key": {
                        "type": ["object", "null"],
                        "properties": dict.fromkeys(("service", "kid", "algorithm", "state"), TEXT),
                    },
                },
            },
            "issued_by": {
                "type": ["object", "null"],
                "properties": {"service": TEXT, "kind": NULLABLE},
            },
            "problems": _NAMES,
            "valid_now": {"type": "boolean", "description": "Whether a verifier should take it at the world's time."},
            "known": {
                "type": ["object", "null"],
                "description": "What the sandbox remembers of it.",
                "properties": {
                    **dict.fromkeys(("service", "kind", "login", "client_id", "scope"), NULLABLE),
                    **dict.fromkeys(("issued_at", "expires_at", "revoked_at"), _MOMENT),
                },
            },
        },
    },
)
_ANY_TOKEN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["token"],
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": LONGEST}},
}


@operation("GET", "/tokens", "List what can be minted, and what can be wrong with it", answers={200: KINDS})
def list_token_kinds() -> dict[str, Any]:
    """The kinds of all rooms, and all tampers."""
    return {
        "kinds": [
            {
                "service": service.slug,
                "kind": kind,
                "format": mintable.format,
                "summary": mintable.summary,
                "parameters": list(allowed_members(mintable)),
            }
            for service in current_house().services.values()
            for kind, mintable in service.mints.items()
        ],
        "tampers": [
            {"name": tamper.name, "summary": tamper.summary, "kinds": list(tamper.kinds)} for tamper in TAMPERS.values()
        ],
    }


@operation(
    "POST",
    "/tokens",
    "Mint a token without a login",
    body=MINT,
    answers={201: MINTED},
    refuses=(Reason.FIELD_INVALID, Reason.FIELD_MISSING, Reason.IDENTITY_UNKNOWN, Reason.CLIENT_UNKNOWN),
    also=(404, 409),
)
def mint_token(body: dict[str, Any]) -> Any:
    """What a room would not issue is answered with 409, and leaves nothing."""
    world = current_world()
    try:
        return mint(world, body)
    except Refusal as refusal:
        world.store.session.rollback()
        return refused(refusal)


@operation("POST", "/tokens/explain", "Explain any token", body=_ANY_TOKEN, answers={200: EXPLANATION})
def explain_token(body: dict[str, Any]) -> dict[str, Any]:
    """What it says and means, who has signed it, and what is wrong with it; nothing of it is taken for true."""
    return explain_here(current_world(), body["token"])
