"""What happened, and what we promised."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Column, Index, Integer, Table, Text, text

from hub.store.tables.kinds import Instant, postgresql_rule, required, sqlite_rule, table

access_log = table(
    "access_log",
    Column("id", Integer, primary_key=True),
    required("at", Instant),
    required("lock_id", Text),
    required("property_id", Text),
    required("what", Text),
    required("how", Text),
    Column("slot", Integer),
    Column("grant_id", Text),
    Column("stay_id", Text),
    required("who", Text),
    required("maybe", Text, server_default=""),  # where it is not known whose code it was: the grants it may have been
    Index("access_log_by_lock", "lock_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_property", "property_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_time", text("at DESC"), text("id DESC")),
    Index(
        "access_log_by_stay",
        "stay_id",
        text("at DESC"),
        text("id DESC"),
        sqlite_where=text("stay_id IS NOT NULL"),
    ),
    Index("access_log_by_grant", "grant_id", "at", sqlite_where=text("grant_id IS NOT NULL")),
)

audit = table(
    "audit",
    Column("id", Integer, primary_key=True),
    required("at", Instant),
    required("actor", Text),
    required("action", Text),
    required("subject", Text),
    required("outcome", Text, server_default="done"),  # asked -> done | refused | unknown
    required("detail", Text, server_default=""),
    Column("link", Integer),  # of the chain, for what the line says now; None: written before there was a chain
    Column("salt", Text),  # of the link's evidence
    Index("audit_by_subject", "subject", "id"),
)

chain = table(
    "chain",
    Column("number", Integer, primary_key=True),
    required("at", Instant),
    required("kind", Text),
    required("what", Text),
    required("outcome", Text),
    Column("lock_id", Text),
    Column("slot", Integer),
    required("subject", Text),
    required("actor", Text),
    required("evidence", Text),
    required("previous", Text),
    required("seal", Text),
    Index("chain_by_subject", "subject", sqlite_where=text("subject <> ''")),
    Index("chain_of_the_house", "what", sqlite_where=text("kind = 'house'")),
)

aliases = table(
    "aliases",
    Column("alias", Text, primary_key=True),
    required("whose", Text, unique=True),  # `stay:…`, `grant:…` (a code without a stay), `account:…` …
)

slot_holders = table(
    "slot_holders",
    Column("id", Integer, primary_key=True),
    required("lock_id", Text),
    required("slot", Integer),
    required("grant_id", Text),
    required("since", Instant),  # its code may have been there from here on
    Column("sure_from", Instant),  # the lock said that it was
    Column("unsure_from", Instant),  # something else may have changed the slot
    Column("until", Instant),  # from here on it was not there any more
    Index("slot_holders_by_slot", "lock_id", "slot", "since"),
)


class _Rule(NamedTuple):
    table: Table
    name: str
    when: str
    words: str
    unless: str = ""


_ONLY_GROWS: Final = (
    _Rule(chain, "chain_is_not_changed", "BEFORE UPDATE", "the audit chain is never changed"),
    _Rule(chain, "chain_is_not_cut", "BEFORE DELETE", "the audit chain is never cut"),
    _Rule(
        chain,
        "chain_has_no_gaps",
        "BEFORE INSERT",
        "a link follows on the last one",
        "NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM chain)",
    ),
    _Rule(audit, "audit_is_not_cut", "BEFORE DELETE", "the audit trail is never cut"),
    _Rule(
        audit, "audit_is_not_changed", "BEFORE UPDATE OF id, at, action", "only what became of a deed is added to it"
    ),
)
"""Against our own mistakes. Whoever can write the file can drop them; the chain itself is what shows that."""

for _table, _name, _when, _words, _unless in _ONLY_GROWS:
    sqlite_rule(
        _table,
        _name,
        f"{_when} ON {_table.name}{_unless and f' WHEN {_unless}'} BEGIN SELECT RAISE(ABORT, '{_words}'); END",
    )
    postgresql_rule(
        _table,
        _name,
        _when,
        f"""
BEGIN
    IF {_unless or "true"} THEN
        RAISE EXCEPTION '{_words}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",
    )


outbox = table(
    "outbox",
    Column("id", Integer, primary_key=True),
    required("key", Text, unique=True),
    required("lane", Text),
    required("kind", Text),
    required("payload", Text),
    required("made_at", Instant),
    required("due", Instant),
    required("state", Text),  # waiting -> leased -> done | waiting | dead; dead -> waiting by a person
    Column("leased_until", Instant),
    required("attempts", Integer, server_default="0"),
    Column("why", Text),
    Column("done_at", Instant),
    Index("outbox_due", "lane", "due", sqlite_where=text("state IN ('waiting', 'leased')")),
)

questions = table(
    "questions",
    Column("id", Text, primary_key=True),
    required("kind", Text),
    required("subject", Text),
    required("sentence", Text),
    required("options", Text),  # JSON list of [value, words]
    Column("urgent_at", Instant),  # from here on it stands at the top of the day's list
    required("asked_at", Instant),
    Column("answer", Text),
    Column("answered_at", Instant),
    Column("answered_by", Text),
    Index("questions_open", "kind", "subject", unique=True, sqlite_where=text("answer IS NULL")),
)
