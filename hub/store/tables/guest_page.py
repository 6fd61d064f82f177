"""The guests' page: the link of each stay, and what guests said there of doors that did not open."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, Text

from hub.store.tables.kinds import Instant, required, table

guest_links = table(
    "guest_links",
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    required("digest", Text, unique=True),  # by which a link that is opened is found
    required("token", LargeBinary),  # sealed, to be shown to the manager once more
    required("made_at", Instant),
    Column("opened_at", Instant),  # by a browser, for the first time
    Column("shown_at", Instant),  # when the guest first asked to see the code
)

complaints = table(
    "complaints",
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    required("said_at", Instant),  # for the first time
    required("asked_at", Instant),  # when the lock was last asked for the code because of it
    Column("again_at", Instant),  # the backup code does not open it either
)
