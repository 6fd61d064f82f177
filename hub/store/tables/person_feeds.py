"""Calendars that people subscribe to with a telephone: the link of each."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, Text

from hub.store.tables.kinds import Instant, required, table

person_feeds = table(
    "person_feeds",
    Column("person_id", Text, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    required("digest", Text, unique=True),  # by which a link that is opened is found
    required("token", LargeBinary),  # sealed, to be shown once more
    required("names", Text),  # guest | initials | name
    required("made_at", Instant),
    Column("asked_at", Instant),  # when it was last fetched
)
