"""Who is told of what is wrong. (`alarms` in tables/world.py is what drivers said of their radios.)"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, text

from hub.store.tables.kinds import Instant, required, table

alerts = table(
    "alerts",
    Column("id", Text, primary_key=True),
    required("kind", Text),
    required("about", Text),
    Column("property_id", Text),  # None: the whole house
    required("sentence", Text),
    required("cure", Text),
    required("found_at", Instant),
    Column("missing_since", Instant),
    Column("raised_at", Instant),  # None: not for long enough yet
    required("told", Integer, server_default="0"),
    required("reminded", Integer, server_default="0"),
    Column("told_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Text),
    Column("over_at", Instant),
    Index("alerts_live", "kind", "about", unique=True, sqlite_where=text("over_at IS NULL")),
    Index("alerts_over", text("over_at DESC"), text("id DESC"), sqlite_where=text("over_at IS NOT NULL")),
)

tellings = table(
    "tellings",
    Column("key", Text, primary_key=True),  # of the promise
    Column(
        "alert_id", Text, ForeignKey("alerts.id", ondelete="CASCADE")
    ),  # None: a test message, news of bookings, a code
    required("person_id", Text),
    required("name", Text),
    required("way", Text),
    required("what", Text),  # raised | concerned | informed | escalated | reminder | over | test | bookings | of a pass
    required("promised_at", Instant),
    required("state", Text),  # waiting -> sent | moot | refused
    Column("why", Text),
    Column("ended_at", Instant),
    Index("tellings_by_alert", "alert_id", "promised_at"),
    Index("tellings_by_person", "person_id", "way", text("promised_at DESC")),
    Index("tellings_waiting", "way", "promised_at", sqlite_where=text("state = 'waiting'")),
)

telling_rules = table(
    "telling_rules",
    Column("property_id", Text, ForeignKey("properties.id", ondelete="CASCADE"), primary_key=True),
    Column("quiet_from", Text),  # local, as 22:00
    Column("quiet_until", Text),
    required("origin", Text),
    required("bookings", Text, server_default="managers"),  # managers | listed: who is told of bookings
)

escalation = table(
    "escalation",
    Column("property_id", Text, ForeignKey("properties.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    required("person_id", Text, ForeignKey("people.id", ondelete="CASCADE")),
    required("ways", Text),  # words with spaces between
)
