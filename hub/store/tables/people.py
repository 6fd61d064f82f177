"""Who works in the house, who may sign in, and what a program may do."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Text

from hub.store.tables.kinds import Instant, required, table

accounts = table(
    "accounts",
    Column("id", Text, primary_key=True),
    required("name", Text, unique=True),
    required("password", Text),
    required("role", Text),
    required("made_at", Instant),
)

people = table(
    "people",
    Column("id", Text, primary_key=True),
    required("name", Text),
    required("kind", Text),  # manager | staff | cleaner | vendor | owner
    Column("property_id", Text, ForeignKey("properties.id")),  # None: of every property
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("contact", LargeBinary),  # sealed JSON {phone, email}
    required("origin", Text),
    required("made_at", Instant),
    Column("ended_at", Instant),
)

sessions = table(
    "sessions",
    Column("digest", Text, primary_key=True),
    required("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE")),
    required("made_at", Instant),
    required("seen_at", Instant),
    required("agent", Text, server_default=""),
)

attempts = table(
    "attempts",
    Column("key", Text, primary_key=True),
    required("failures", Integer),
    required("last_at", Instant),
)

tokens = table(
    "tokens",
    Column("id", Text, primary_key=True),
    required("digest", Text, unique=True),
    required("name", Text),
    required("scopes", Text),
    required("made_at", Instant),
    required("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)

replies = table(
    "replies",
    Column("key", Text, primary_key=True),  # token id and Idempotency-Key
    required("request", Text),
    required("status", Integer),
    required("body", Text),
    required("made_at", Instant),
)
