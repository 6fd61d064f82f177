"""Whose a source's name (UID) of a booking is, and what stands in for one that it gave to another booking.

A stay whose UID is another's by now must not be forgotten: nobody would miss it when its source lists it no more.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, bindparam, select

from hub.model.values import ChannelId, StayId
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import stay_sources

_GIVEN_AWAY: Final = "name given away: "
CLOSED_THERE: Final = "nights:"
"""How the UIDs begin that we give to nights that people closed in an account's calendar: there they have none."""


def stand_in(stay: StayId) -> str:
    """No source gives this one."""
    return f"{_GIVEN_AWAY}{stay}"


def is_given(uid: ColumnElement[str]) -> ColumnElement[bool]:
    """By the source itself, which knows the booking by it."""
    return uid.not_like(f"{_GIVEN_AWAY}%") & uid.not_like(f"{CLOSED_THERE}%")


_NAMED: Final = Prepared(
    select(stay_sources.c.stay_id).where(
        stay_sources.c.channel_id == bindparam("channel"), stay_sources.c.uid == bindparam("uid")
    ),
    lambda row: StayId(row["stay_id"]),
)


def named(tx: Tx, channel: ChannelId, uid: str) -> StayId | None:
    """Which stay its source calls so."""
    return _NAMED.first(tx, channel=channel, uid=uid)
