"""What accounts were told from here: door codes of their bookings, bookings of ours, and words for guests."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text, text

from hub.store.tables.kinds import Day, Instant, flag, required, table

door_codes = table(
    "door_codes",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    required("wanted", Text),  # ids of grants with spaces between; empty: no code is to stand there
    required("revision", Integer),  # grows with every wish, as each is a promise of its own
    required("standing", Text, server_default=""),  # ids of grants whose digits may stand there
    flag("sure"),  # the account took what is wanted
    Column("at", Instant),  # when it was last asked to
    required("why", Text, server_default=""),  # it did not, as it said
)

pushes = table(
    "pushes",
    Column("channel_id", Text, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE"), primary_key=True),
    Column("booking", Text),  # the account's own id of it; None: it has none yet
    required("state", Text),  # pending -> synced | failed (R546, R571)
    required("wanted", Text),  # JSON: a digest of each part that the account is to know
    required("told", Text, server_default="{}"),  # JSON: of each that it took, the digest then
    required("lacks", Text, server_default="{}"),  # JSON: why it would or could not take one
    required("revision", Integer),  # grows with every wish, as each is a promise of its own
    required("attempts", Integer, server_default="0"),  # at this wish
    required("error", Text, server_default=""),  # the latest (R547)
    Column("tried_at", Instant),
    Column("synced_at", Instant),
    flag("dry"),  # what the account is said to know was never sent: rehearsal
    flag("real"),  # a person had this one sent in spite of the rehearsal
    Column(
        "there_from", Day
    ),  # this and the next: the days that the account says, where they are neither ours nor those it took
    Column("there_until", Day),
    Column("there_listing", Text),  # of these days, where it is neither ours nor the one that it took
    Column("nights_at", Instant),  # when it took the unit, the days or the status that it was told
    Column("heard_at", Instant),  # by the account's own clock: its newest word on the booking
    Column("gone_at", Instant),  # since when it is cancelled there, and not by us
    Index("pushes_by_booking", "channel_id", "booking"),  # R548: three indexes
    Index("pushes_by_state", "state", "synced_at"),
    Index("pushes_failed", "channel_id", "tried_at", sqlite_where=text("state = 'failed'")),
    Index("pushes_elsewhen", "channel_id", "stay_id", sqlite_where=text("there_from IS NOT NULL")),
    Index("pushes_gone", "channel_id", "stay_id", sqlite_where=text("gone_at IS NOT NULL")),
)

guest_messages = table(
    "guest_messages",
    Column("id", Text, primary_key=True),
    required("stay_id", Text, ForeignKey("stays.id", ondelete="CASCADE")),
    required("channel_id", Text),  # no key: what was written stays when the channel goes
    required("text", LargeBinary),  # sealed
    required("by", Text),
    required("written_at", Instant),
    required("state", Text),
    required("at", Instant),  # of the state
    required("why", Text, server_default=""),  # it was not handed over
    required("asked", Integer, server_default="1"),  # how often people said that it is to be sent; each is a promise
    required("once", Text),  # a form that is sent twice has the same
    required("tells", Text, server_default=""),  # code | link | hand: that the guest is told their code
    required("grants", Text, server_default=""),  # whose digits those are: ids with spaces between
    Index("guest_messages_once", "stay_id", "once", unique=True),
    Index(
        "guest_messages_untold",
        "stay_id",
        sqlite_where=text("tells != '' AND grants != '' AND state NOT IN ('handed_over', 'let_go')"),
    ),
)
