"""Days that somebody gave a booking of ours at the account that it was pushed to: shown, until both agree again.

Until a person has said whose days count, the nights of both are kept: from other channels, from bookings here, and, as far
as nights can be closed there, from the account itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.facts import StayReport
from hub.model.values import ChannelId, Part, StayId, StayStatus
from hub.store import house, pushes
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.publishing import IN, NOTED, Entry
from hub.store.pushes import Push
from hub.store.stays import StayRow

SETTLES: Final = timedelta(minutes=2)
"""So long after the account took days of ours it may still list those before: a search lags. Our own guess."""


def heard(tx: Tx, channel: ChannelId, stay: StayRow, report: StayReport, at: datetime) -> None:
    """What the account says of one of our bookings. Doing it twice changes nothing."""
    row = pushes.one(tx, channel, stay.id)
    if row is None or row.dry or row.booking != report.uid or report.arrival is None or report.departure is None:
        return
    theirs: tuple[date, date] | None = (report.arrival, report.departure)
    told = f"{report.arrival}/{report.departure}" == row.told.get(Part.DAYS)
    if report.status is StayStatus.CANCELLED or told or theirs == (stay.arrival, stay.departure):
        theirs = None
    elif _may_be_old(row, report, at):
        return
    if theirs != row.there:
        _keep(tx, row, theirs, at)
        if theirs is not None:
            what = f"other days for booking {report.reference}, made here: {theirs[0]} to {theirs[1]}"
            rows.note(tx, Entry(0, channel, stay.unit_id, at, IN, NOTED, what))


def _may_be_old(row: Push, report: StayReport, at: datetime) -> bool:
    if row.days_at is None or at >= row.days_at + SETTLES:
        return False
    return report.changed_at is None or report.changed_at <= row.days_at


def _keep(tx: Tx, row: Push, theirs: tuple[date, date] | None, at: datetime) -> None:
    first, until = theirs or (None, None)
    pushes.keep(tx, replace(row, there_from=first, there_until=until))
    tx.signal("publishing")


def send_again(tx: Tx, channel: ChannelId, id_: StayId, now: datetime) -> None:
    """Ours count: they are sent as if the account had never taken them."""
    row = pushes.one(tx, channel, id_)
    assert row is not None  # the difference is its own
    told = dict(row.told)
    told.pop(Part.DAYS, None)
    ours = replace(row, wanted={**row.wanted, Part.DAYS: ""}, told=told, days_at=now)
    _keep(tx, ours, None, now)


def found(look: Look) -> Iterator[Finding]:
    for each in pushes.elsewhen(look.tx, look.now):
        stay, unit = ledger.stay(look.tx, each.stay), house.unit_with(look.tx, each.unit)
        if stay is None or look.reached(each.over_at):
            continue
        sentence = (
            f"“{each.channel}” has other days for the booking of {stay.guest or stay.reference or 'a guest'} "
            f"({each.unit if unit is None else unit.name}): {each.theirs[0]} to {each.theirs[1]} there, "
            f"{each.ours[0]} to {each.ours[1]} here."
        )
        cure = "The nights of both are kept until you say, on the page of the stay, whose days count."
        yield Finding(Kind.OTHER_DAYS, f"stay:{each.stay}", sentence, cure, None)
