"""What an account knows of the bookings made here, for people to look at: counts, and each booking with what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hub import pushing
from hub.errors import Rejected
from hub.model.values import ChannelId, StayId
from hub.plugins import Plugins
from hub.store import door_codes, house, pushes
from hub.store import stays as ledger
from hub.store.door_codes import CodeThere
from hub.store.engine import Tx
from hub.store.pushes import Push, PushState, Statistics


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a booking which stands there does not have as it is here."""

    part: str
    """A `Part`, or `door_code`."""
    words: str
    why: str
    """Empty: it was not taken yet."""


@dataclass(frozen=True, slots=True)
class Line:
    stay: StayId
    guest: str
    reference: str
    unit: str
    arrival: date | None
    departure: date | None
    state: PushState
    booking: str
    """The account's own id of it; empty: it has none yet."""
    error: str
    attempts: int
    tried_at: datetime | None
    synced_at: datetime | None
    dry: bool
    """Only rehearsed."""
    lacks: tuple[Lack, ...]
    keeps_nights: bool
    """It stands there with its nights, whatever it lacks."""

    @property
    def lacking(self) -> str:
        """A clause; empty: it has all."""
        return "; ".join(f"{each.words} ({each.why})" if each.why else each.words for each in self.lacks)


@dataclass(frozen=True, slots=True)
class Pushed:
    on: bool
    """The account is set to take our bookings."""
    rehearses: bool
    statistics: Statistics
    lines: Sequence[Line]


def pushed(tx: Tx, plugins: Plugins, channel: ChannelId, now: datetime) -> Pushed:
    """Raises Rejected: there is no such account."""
    row = house.channel_with(tx, channel)
    if row is None or row.unit is not None:
        raise Rejected(f"there is no account called “{channel}”")
    account = next((each for each in pushing.accounts(plugins) if each.channel == channel), None)
    names = {unit.id: unit.name for unit in house.units(tx)}
    stays, codes, lines = ledger.sent_to(tx, channel), door_codes.told(tx, channel), []
    for each in pushes.of_account(tx, channel):
        stay = stays.get(each.stay_id)
        if stay is not None:
            lines.append(
                Line(
                    stay.id,
                    stay.guest,
                    stay.reference or pushing.key_of(stay.id),
                    names.get(stay.unit_id, stay.unit_id),
                    stay.arrival,
                    stay.departure,
                    each.state,
                    each.booking or "",
                    each.error,
                    each.attempts,
                    each.tried_at,
                    each.synced_at,
                    bool(each.dry),
                    tuple(_lacks(each, codes.get(each.stay_id))),
                    each.keeps_nights,
                )
            )
    found = pushes.statistics(tx, channel, now - pushing.LATELY)
    return Pushed(account is not None, account is not None and account.rehearses, found, lines)


def _lacks(row: Push, code: CodeThere | None) -> Iterator[Lack]:
    for part, why in row.missing.items():
        yield Lack(part.value, pushing.PART_WORDS[part], why)
    if code is not None and code.why and not code.sure:
        yield Lack("door_code", "the door code", code.why)
