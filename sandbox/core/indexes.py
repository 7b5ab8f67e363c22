"""By what rows are found other than by their keys.

Most are for requests; those by their ends are for sweeps, which come often and mostly find nothing. Holds no column.
"""

from __future__ import annotations

from sqlalchemy import Index

from sandbox.core.tables import (
    Account,
    Base,
    Code,
    Counter,
    DeviceGrant,
    JournalEntry,
    Link,
    Mail,
    SignInSession,
    Token,
    Trace,
    Transaction,
)

Index("accounts_by_id", Account.world, Account.service, Account.id, unique=True)
Index("links_by_account", Link.world, Link.service, Link.account)
Index("sign_in_sessions_by_browser", SignInSession.world, SignInSession.browser)
Index("device_grants_by_user_code", DeviceGrant.world, DeviceGrant.user_code)
Index("tokens_by_family", Token.world, Token.family)
# Those that are good are few, however many somebody had.
Index("tokens_by_owner", Token.world, Token.service, Token.login, Token.client_id, Token.revoked_at)
Index("mail_by_world", Mail.world, Mail.id)
Index("journal_by_world", JournalEntry.world, JournalEntry.id)
Index("journal_by_flow", JournalEntry.world, JournalEntry.flow)
Index("journal_by_client", JournalEntry.world, JournalEntry.client_id, JournalEntry.flow)


def _by_end(*tables: type[Base]) -> None:
    for table in tables:
        columns = table.__table__.c
        Index(f"{table.__tablename__}_by_end", columns.world, columns.expires_at)


_by_end(Code, Counter, DeviceGrant, SignInSession, Token, Trace, Transaction)
# Hardly any token is revoked, so nobody who issues one writes here. PostgreSQL could do so too, but to say it loads all
# that the library knows of that, and a start would wait.
Index("tokens_by_revocation", Token.world, Token.revoked_at, sqlite_where=Token.revoked_at.is_not(None))
