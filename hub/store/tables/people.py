"""Who works in the house, who may sign in, and what a program may do."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text

from hub.store.tables.kinds import Instant, flag, required, table

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
    required(
        "told_by", Text, server_default="email"
    ),  # email | sms | hand: how they are told the codes of their passes
)

passes = table(
    "passes",
    Column("id", Text, primary_key=True),
    required("person_id", Text, ForeignKey("people.id", ondelete="CASCADE")),
    required("name", Text, server_default=""),  # what it is for
    required("kind", Text),  # always | weekly | turnover
    Column("hours", Text),  # of a weekly one, as hub/model/passes.py writes them
    Column("unit_id", Text, ForeignKey("units.id", ondelete="SET NULL")),  # of a turnover
    Column("longest_s", Integer),
    required("start", Instant),
    Column("end", Instant),
    Column("uses", Integer),  # at each door; None: any number
    required("origin", Text),
    required("made_at", Instant),
    Column("paused_at", Instant),
    Column("ended_at", Instant),
    required("ended_why", Text, server_default=""),
    required("note", Text, server_default=""),  # for its holder, in what they are told
    Index("passes_by_person", "person_id"),
)

pass_doors = table(
    "pass_doors",
    Column("pass_id", Text, ForeignKey("passes.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    required("pin", LargeBinary),  # sealed; the same at every door that takes it, for the life of the pass
    required("tag", Text),
    required("digits", Integer),
    Column("told_at", Instant),  # when somebody was first shown the digits
    Index("pass_doors_by_lock", "lock_id"),
)

pass_uses = table(
    "pass_uses",
    Column("pass_id", Text, ForeignKey("passes.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
)

pass_news = table(
    "pass_news",
    Column("pass_id", Text, ForeignKey("passes.id", ondelete="CASCADE"), primary_key=True),
    required("key", Text),  # of the telling
    required("version", Text),  # a digest of what was told; empty: nothing that counts
    required("lacking", Text, server_default=""),  # doors that were not ready, with spaces between
    Column("start", Instant),  # of a turnover, the hours that were told
    Column("end", Instant),
    flag("handed"),  # the digits have left, or may have
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
    Index("attempts_many", "failures"),
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
