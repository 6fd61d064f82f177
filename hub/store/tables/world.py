"""What the outside world told us."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text

from hub.store.tables.kinds import Day, Instant, flag, required, table

lock_state = table(
    "lock_state",
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text),
    Column("firmware", Text),
    Column("slots", Integer),
    Column("min_digits", Integer),
    Column("max_digits", Integer),
    Column("reads_codes", Integer),
    Column("secure", Text),
    Column("position", Text),
    Column("position_how", Text),
    Column("position_at", Instant),
    Column("battery", Integer, CheckConstraint("battery BETWEEN 0 AND 100")),
    flag("battery_low"),
    Column("battery_at", Instant),
    Column("battery_empty_at", Instant),  # by its own curve
    Column("heard_at", Instant),
    Column("silent_since", Instant),
    Column("silent_why", Text),
    Column("trouble", Text),
    Column("trouble_at", Instant),
    Column("mode", Text),  # normal | vacation | privacy
    Column("mode_at", Instant),  # since when
    Column("emptied_at", Instant),  # when it lost all that was in its keypad
    Column("doubted_at", Instant),  # when it told of a change at its keypad that nobody could be sure of
    Column("toured_to", Integer),  # the place that was read last of those that are not managed
    Column("toured_at", Instant),
    Column("tour_failed", Integer),  # how often the next one was asked in vain
    Column("tour_unread", Text),  # those that never answered, by number
    Column("quarantined", Text),  # why this lock's worker gave up; the other doors go on
    Column("schedules", Integer),  # the lock itself can confine a code to a window
    Column("holds_disabled", Integer),  # it can keep a code that opens nothing yet
    Column("hours_first", Integer),  # it takes hours before their code, and keeps them when the code comes
    Column("met_at", Instant),  # when it was first heard
    Column(
        "deaf_from", Instant
    ),  # this and the next: it was silent then, and its own log of that time was not read since
    Column("deaf_until", Instant),
    Column("unanswered_at", Instant),  # it left a command unanswered, and has given no sign of life since
)

lock_days = table(
    "lock_days",
    Column("day", Day, primary_key=True),  # of UTC
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    required("asked", Integer),  # commands
    required("answered", Integer),
    required("away_s", Integer),  # of a silence that is over
    required("moved", Integer, server_default="0"),  # presses of a person that it answered
    required("prompt", Integer, server_default="0"),  # those answered at once (hub/model/figures.py)
    required("forecasts", Integer, server_default="0"),  # readings of the battery that were forecast a week before
    required("off_tenths", Integer, server_default="0"),  # of a point, by which those were missed
)

lock_answers = table(
    "lock_answers",
    Column("day", Day, primary_key=True),  # of UTC
    Column("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE"), primary_key=True),
    Column("within_ms", Integer, primary_key=True),  # from the command to its confirmation (hub/model/figures.py)
    required("times", Integer),
)

alarms = table(
    "alarms",
    Column("id", Integer, primary_key=True),
    required("driver", Text),
    required("alarm", Text),
    required("device", Text),  # an address, or what its label says; empty: the whole network
    required("note", Text),
    required("since", Instant),
    required("told_at", Instant),
    Column("dismissed_at", Instant),
    Column("dismissed_by", Text),
    UniqueConstraint("driver", "alarm", "device"),
)

channel_state = table(
    "channel_state",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("cursor", Text),
    Column("good_at", Instant),
    Column("failing_since", Instant),
    Column("failing_why", Text),
    required("reports", Integer, server_default="0"),  # how many the last good read listed
    Column("emptied_at", Instant),
)

inbox = table(
    "inbox",
    Column("id", Integer, primary_key=True),
    required("channel_id", Text),
    required("key", Text),
    required("topic", Text),
    required("body", LargeBinary),  # sealed
    required("received_at", Instant),
    required("state", Text),  # waiting -> done | dead; dead -> waiting by a person
    required("attempts", Integer, server_default="0"),
    required("due", Instant),
    Column("why", Text),
    Column("so_far", Text),  # JSON: how far a long one was taken in
    UniqueConstraint("channel_id", "key"),
    Index("inbox_due", "due", sqlite_where=text("state = 'waiting'")),
)

battery_readings = table(
    "battery_readings",
    Column("id", Integer, primary_key=True),
    required("lock_id", Text, ForeignKey("locks.id", ondelete="CASCADE")),
    required("model", Text),
    required("at", Instant),
    Column("percent", Integer, CheckConstraint("percent BETWEEN 0 AND 100")),  # None: it only warned
    flag("low"),
    required("weight", Text),  # good | doubted | replaced
    Index("battery_readings_by_lock", "lock_id", "at"),
    Index("battery_readings_low", "model", sqlite_where=text("low = 1")),
)
