"""What is to be told of bookings, and who wants to be told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, text

from hub.store.tables.kinds import Instant, required, table

booking_news = table(
    "booking_news",
    Column("id", Integer, primary_key=True),  # in the order in which it happened
    required("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE")),
    required("property_id", Text, ForeignKey("properties.id", ondelete="CASCADE")),
    required("at", Instant),
    required("by", Text),
    Column("was", Text),  # JSON; None: there was no booking
    Column("now", Text),  # JSON; None: there is none any more
    required("begins", Instant),  # the earliest check-in that it is about
    Column("batch", Text),  # what is told together; None: it waits
    Index("booking_news_by_batch", "batch", "id", sqlite_where=text("batch IS NOT NULL")),
    Index("booking_news_by_stay", "stay_id"),
    Index("booking_news_waiting", "id", sqlite_where=text("batch IS NULL")),
)

booking_readers = table(
    "booking_readers",
    Column("property_id", Text, ForeignKey("properties.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", Text, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    required("ways", Text),  # words with spaces between
)
