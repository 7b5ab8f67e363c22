"""Consumers, and the identities that lead to them: found by the identity, or by the brand's own name for the person.

Never by e-mail or phone: addresses tell nothing of who somebody is. Judges no credential: that is access.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.fanfare import tokens
from sandbox.exchanges.fanfare.models import SLUG, Address, Consumer, ExternalIdentity, Resolution

_KEPT = ("organization", "email", "phone", "full_name", "is_guest", "signed_in", "external_id", "vendor")
# What an identity keeps of its claims; each has its own.
_CLAIMS = ("email", "fullName", "name")


def lock_consumers(world: World, organization: str) -> None:
    """Let one unit of work at a time make, join or move consumers of an organization."""
    world.store.lock(f"consumers {SLUG} {organization}")


def find_consumer(world: World, organization: str, consumer_id: str) -> Consumer | None:
    """The consumer with this id in an organization, or None."""
    row = world.store.find(tables.Account, service=SLUG, login=consumer_id)
    consumer = _consumer(row) if row else None
    return consumer if consumer and consumer.organization == organization else None


def get_consumer(world: World, organization: str, consumer_id: str) -> Consumer:
    """The consumer with this id. Raises Refusal: OBJECT_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT."""
    row = world.store.find(tables.Account, service=SLUG, login=consumer_id.lower())
    if row is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no consumer {consumer_id!r}", "id")
    consumer = _consumer(row)
    if consumer.organization != organization:
        raise Refusal(Reason.IDENTITY_OF_ANOTHER_TENANT, f"the consumer is one of {consumer.organization}", "id")
    return consumer


def add_guest(world: World, organization: str) -> Consumer:
    """A new consumer of whom nothing is known."""
    return _add(world, organization, is_guest=True)


def resolve(world: World, organization: str, asked: ExternalIdentity) -> tuple[Consumer, Resolution]:
    """The consumer that an identity is, made or joined at the identity's first sight."""
    lock_consumers(world, organization)
    found = world.store.find(tables.Link, service=SLUG, key=identity_key(organization, asked))
    if found:
        consumer = _get(world, found.account)
        _note_disagreement(world, found, asked)
        _keep_claims(world, found, asked)
        return _backfill(world, consumer, asked), "existing"
    known = _find_canonical(world, organization, asked.canonical_subject)
    if known:
        consumer = _get(world, known.account)
    else:
        consumer = _add(world, organization, external_id=asked.subject, vendor=asked.provider)
    _link(world, identity_key(organization, asked), consumer, _about(asked))
    if asked.canonical_subject and not known:
        _link(world, _canonical_key(organization, asked.canonical_subject), consumer, {})
    return _backfill(world, consumer, asked), "linked" if known else "created"


def get_by_identity(world: World, key: str) -> Consumer:
    """The consumer that an identity leads to now."""
    link = world.store.find(tables.Link, service=SLUG, key=key)
    if link is None:
        raise LookupError(f"the identity {key} is gone")
    return _get(world, link.account)


def find_by_address(world: World, organization: str, address: Address) -> Consumer | None:
    """The consumer who has signed in by codes to this address, or None."""
    link = world.store.find(tables.Link, service=SLUG, key=_address_key(organization, address))
    return _get(world, link.account) if link else None


def join_address(world: World, consumer: Consumer, address: Address, name: str | None) -> Consumer:
    """Let codes to this address lead to a consumer, who is no guest from now on."""
    _link(world, _address_key(consumer.organization, address), consumer, {})
    known = replace(consumer, is_guest=False, full_name=consumer.full_name or name or None)
    if address.kind == "email":
        return save(world, replace(known, email=known.email or address.value))
    return save(world, replace(known, phone=known.phone or address.value))


def add_by_address(world: World, organization: str, address: Address, name: str | None) -> Consumer:
    """A new consumer, to whom codes to this address lead."""
    return join_address(world, _add(world, organization), address, name)


def move_to_guest(world: World, consumer: Consumer, guest: Consumer) -> Consumer:
    """Make a guest the consumer behind the identities of one who was never signed in, and who goes."""
    world.store.change(tables.Link, {"account": guest.id}, service=SLUG, account=consumer.id)
    world.store.remove(tables.Account, service=SLUG, login=consumer.id)
    tokens.end_sessions(world, guest.id)
    return save(
        world,
        replace(
            guest,
            is_guest=False,
            email=guest.email or consumer.email,
            full_name=guest.full_name or consumer.full_name,
            external_id=consumer.external_id,
            vendor=consumer.vendor,
        ),
    )


def save(world: World, consumer: Consumer) -> Consumer:
    """Keep what has changed of a consumer."""
    world.store.change(tables.Account, {"attributes": _attributes(consumer)}, service=SLUG, login=consumer.id)
    return consumer


def identity_key(organization: str, identity: ExternalIdentity) -> str:
    """What an identity is found by: its triple, within its organization."""
    triple = json.dumps([identity.provider, identity.issuer, identity.subject])
    return f"identity/{organization}/{digest(triple)}"


def _find_canonical(world: World, organization: str, subject: str | None) -> tables.Link | None:
    if subject is None:
        return None
    return world.store.find(tables.Link, service=SLUG, key=_canonical_key(organization, subject))


def _canonical_key(organization: str, subject: str) -> str:
    return f"canonical/{organization}/{digest(subject)}"


def _address_key(organization: str, address: Address) -> str:
    # Addresses may be longer than what a database can index.
    return f"{address.kind}/{organization}/{digest(address.value)}"


def _get(world: World, consumer_id: str) -> Consumer:
    row = world.store.find(tables.Account, service=SLUG, login=consumer_id)
    if row is None:
        raise LookupError(f"the consumer {consumer_id} is gone")
    return _consumer(row)


def _add(world: World, organization: str, **known: Any) -> Consumer:
    consumer_id = world.ids.uuid7(world.now())
    attributes = {**dict.fromkeys(_KEPT), "organization": organization, "is_guest": False, "signed_in": False, **known}
    world.store.add(
        tables.Account,
        service=SLUG,
        login=consumer_id,
        id=consumer_id,
        attributes=attributes,
        created_at=world.now(),
    )
    return Consumer(id=consumer_id, created_at=world.now(), **attributes)


def _link(world: World, key: str, consumer: Consumer, attributes: dict[str, Any]) -> None:
    world.store.add(
        tables.Link, service=SLUG, key=key, account=consumer.id, attributes=attributes, created_at=world.now()
    )


def _about(asked: ExternalIdentity) -> dict[str, Any]:
    return {"canonical_subject": asked.canonical_subject, "claims": _told(asked)}


def _told(asked: ExternalIdentity) -> dict[str, Any]:
    return {name: asked.claims[name] for name in _CLAIMS if asked.claims.get(name)}


def _keep_claims(world: World, link: tables.Link, asked: ExternalIdentity) -> None:
    claims = {**link.attributes["claims"], **_told(asked)}
    if claims != link.attributes["claims"]:
        attributes = {**link.attributes, "claims": claims}
        world.store.change(tables.Link, {"attributes": attributes}, service=SLUG, key=link.key)


def _note_disagreement(world: World, link: tables.Link, asked: ExternalIdentity) -> None:
    # "The account identity wins"; the disagreement is "recorded for operational review": in the journal, here.
    if asked.canonical_subject not in (None, link.attributes["canonical_subject"]):
        world.entry.response["review"] = "the identity is bound already, so its canonicalSubject was passed over"


def _backfill(world: World, consumer: Consumer, asked: ExternalIdentity) -> Consumer:
    """Fill fields that are empty from the claims; what is there stays."""
    email, name = asked.claims.get("email"), asked.claims.get("fullName") or asked.claims.get("name")
    filled = replace(consumer, email=consumer.email or email or None, full_name=consumer.full_name or name or None)
    return filled if filled == consumer else save(world, filled)


def _consumer(row: tables.Account) -> Consumer:
    return Consumer(id=row.login, created_at=row.created_at, **row.attributes)


def _attributes(consumer: Consumer) -> dict[str, Any]:
    return {name: getattr(consumer, name) for name in _KEPT}
