"""What happened, and what we promised."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Text, text

from hub.store.tables.kinds import Instant, required, table

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
    Index("access_log_by_lock", "lock_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_property", "property_id", text("at DESC"), text("id DESC")),
    Index("access_log_by_time", text("at DESC"), text("id DESC")),
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
    Index("audit_by_subject", "subject", "id"),
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
