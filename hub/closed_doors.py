"""Tells guests of doors that a lock-down closes to their codes, and once more when their codes open them again.

Whom it concerns is worked out from what is so: whoever is there, or comes within a day, also where the lock-down began before
that. What they were told is a row for each door, so that a restart tells nothing again. A message that has not left when the
lock-down is over does not leave, and then nothing is over for that guest (hub/model/closed_doors.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import ladder
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Rejected
from hub.guest_messages import GuestMessages
from hub.model.closed_doors import COMES, LOOK, DoorOfGuest, Word, settles, word
from hub.model.ladder import DoorNow, Own, takes_backup
from hub.model.values import LockId, StayId
from hub.opened_doors import closed, names_of, open_again, still_closed
from hub.reaching_guests import How, Told, letter, name_of, reach
from hub.schedule import pause
from hub.store import closed_doors as rows
from hub.store import doors, emergencies, guest_messages, house, log, nearby, settings
from hub.store import stays as stay_ledger
from hub.store.closed_doors import ToldClosed
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Store, Tx
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow

logger = structlog.get_logger("closed doors")

BY: Final = "gatehouse"
TOLD: Final = "tell guest of closed door"
_LATELY: Final = timedelta(hours=1)
_CRAMPED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What stands of lock-downs, door by door."""

    shut: Mapping[LockId, datetime]
    """Since when, by those of which guests are told."""
    down: frozenset[LockId]
    released: Mapping[LockId, datetime]


@dataclass(frozen=True, slots=True)
class _News:
    stay: StayRow
    closed: tuple[LockId, ...]
    opened: tuple[ToldClosed, ...]
    still: tuple[LockId, ...]
    """They were told that these are closed, and they are."""
    begins_at: datetime | None
    """Their code is not to open before that; None: it opens by now."""


@dataclass(frozen=True, slots=True)
class _Seen:
    news: tuple[_News, ...] = ()
    gone: tuple[ToldClosed, ...] = ()
    """Nobody is to be told any more: the stay is over, or has another door."""
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedDoors:
    store: Store
    messages: GuestMessages
    bus: Bus
    clock: Clock

    async def run(self) -> None:
        async with self.bus.listen("emergency") as ear:
            while True:
                await pause(self.clock, await self._round(), ear)

    async def _round(self) -> datetime | None:
        """When to look again."""
        try:
            seen = await self.store.read(self._look)
            if seen.news or seen.gone:
                return await self.store.write(self._tell)
        except Disappointment as error:
            logger.warning("guests of a lock-down wait for the store", why=str(error))
            return self.clock.now() + _CRAMPED
        return seen.again

    # ---- looking ----

    def _look(self, tx: Tx) -> _Seen:
        lasting, told, now = emergencies.lockdowns(tx), rows.told(tx), self.clock.now()
        if not lasting and not told:
            return _Seen()
        if not self.clock.trusted or settings.safe_mode(tx):
            return _Seen(again=now + _CRAMPED)
        settling = [settles(row.since, now) for row in lasting]
        if not told and (first := _first(settling)) is not None:
            return _Seen(again=first)  # its bolts are moving just now: not in their way
        ground = _ground(tx, lasting, now)
        by_stay: dict[StayId, dict[LockId, ToldClosed]] = {}
        for row in told:
            by_stay.setdefault(row.stay, {})[row.lock] = row
        news, edges = [], [now + LOOK]
        for stay, at_doors in _concerned(tx, now):
            mine = by_stay.pop(stay.id, {})
            words = {lock: word(_door(ground, at, lock in mine, now), now) for lock, at in at_doors.items()}
            edges += [at for at in words.values() if isinstance(at, datetime)]
            if said := _news(stay, words, mine, at_doors, now):
                news.append(said)
            lost = {lock: row for lock, row in mine.items() if lock not in at_doors}
            if lost:
                by_stay[stay.id] = lost
        gone = [row for each in by_stay.values() for row in each.values()]
        return _Seen(tuple(news), tuple(gone), min(edges))

    # ---- telling ----

    def _tell(self, tx: Tx) -> datetime | None:
        seen = self._look(tx)
        for row in seen.gone:
            rows.forget(tx, row)
        for news in seen.news:
            self._tell_one(tx, news)
        tx.signal("emergency")  # what the page tells of it has changed
        return seen.again

    def _tell_one(self, tx: Tx, news: _News) -> None:
        stay, heard = news.stay, self._heard(tx, news)
        sentences = []
        if heard:
            place = house.property_of(tx, stay.unit_id)
            assert place is not None  # a unit belongs to a property
            sentences.append(open_again(names_of(tx, heard), news.begins_at, place))
            sentences += [still_closed(names_of(tx, news.still))] if news.still else []
        if news.closed:
            sentences.append(closed(names_of(tx, news.closed)))
        how, message = How.PAGE, ""
        if sentences:
            calling = "If you need help" if news.closed else "If it does not open within a few minutes"
            words = letter(tx, stay, sentences, calling, "If you need help, please answer this message.")
            how, message = reach(tx, self.messages, stay, words, BY)
        now = self.messages.desk.now()
        for row in news.opened:
            rows.forget(tx, row)
        for lock in news.closed:
            rows.keep(tx, ToldClosed(stay.id, lock, now, how.value, message))
        for said, locks in (("closed", news.closed), ("open again", heard)):
            if locks:
                detail = f"{said}: {names_of(tx, locks)} ({how.value})"
                log.record(tx, now, BY, TOLD, f"stay:{stay.id}", detail=detail)

    def _heard(self, tx: Tx, news: _News) -> list[LockId]:
        """The doors that are open again of which the guest knows that they were closed. A message that says so and has not left
        does not leave any more, unless it tells of other doors, too."""
        found = []
        for row in news.opened:
            message = guest_messages.one(tx, row.stay, row.message) if row.message else None
            state = None if message is None else message.state
            if state is MessageState.WAITING and not news.still:
                try:
                    self.messages.let_go(tx, row.stay, row.message, BY)
                except Rejected:
                    found.append(row.lock)  # it leaves just now
            elif state not in (MessageState.REFUSED, MessageState.LET_GO):
                found.append(row.lock)
        return found


def _first(settling: Collection[datetime | None]) -> datetime | None:
    """When the first of them has stood long enough; None: one has."""
    found = [at for at in settling if at is not None]
    return min(found) if len(found) == len(settling) else None


def told_of(tx: Tx, row: Emergency) -> list[Told]:
    """Whom a lock-down that lasts was told to, and how; nobody of anything else."""
    if row.deed is not Deed.LOCK_DOWN or row.released_at is not None or row.guests_untold:
        return []
    covered = {door.id for door in doors.doors(tx) if row.covers(door.id, door.property)}
    hows = {each.stay: How(each.how) for each in rows.told(tx) if each.lock in covered}
    found = ((stay_ledger.stay(tx, id_), how) for id_, how in hows.items())
    return sorted(
        (Told(stay.id, name_of(stay), how) for stay, how in found if stay is not None), key=lambda each: each.name
    )


def _ground(tx: Tx, lasting: Collection[Emergency], now: datetime) -> _Ground:
    known, shut, released = doors.doors(tx), dict[LockId, datetime](), dict[LockId, datetime]()
    over = emergencies.released(tx, now - _LATELY)
    for door in known:
        since = [row.since for row in lasting if not row.guests_untold and row.covers(door.id, door.property)]
        ends = [row.released_at for row in over if row.covers(door.id, door.property)]
        if since:
            shut[door.id] = min(since)
        if latest := max((at for at in ends if at is not None), default=None):
            released[door.id] = latest
    return _Ground(shut, emergencies.down(tx), released)


def _concerned(tx: Tx, now: datetime) -> Iterator[tuple[StayRow, dict[LockId, DoorNow]]]:
    """Stays that last, or begin within a day, and their doors."""
    look = ladder.span(tx, now)
    near = ladder.rows(tx, nearby.near(tx, look.over, now + COMES))
    placed = ladder.standing(tx, near, now)
    for stay in near:
        if (where := placed.get(stay.id)) is not None:
            yield stay, {at.lock: at for at, _ in where.doors if now < at.hours.until}


def _door(ground: _Ground, at: DoorNow, told: bool, now: datetime) -> DoorOfGuest:
    proven = (at.own is Own.PROVEN or takes_backup(at)) and not at.shut
    opens = now < at.hours.works_from or proven
    return DoorOfGuest(told, ground.shut.get(at.lock), at.lock in ground.down, ground.released.get(at.lock), opens)


def _news(
    stay: StayRow,
    words: Mapping[LockId, Word | datetime | None],
    mine: Mapping[LockId, ToldClosed],
    at_doors: Mapping[LockId, DoorNow],
    now: datetime,
) -> _News | None:
    shut = tuple(lock for lock, said in words.items() if said is Word.CLOSED)
    opened = tuple(mine[lock] for lock, said in words.items() if said is Word.OPEN)
    if not shut and not opened:
        return None
    still = tuple(lock for lock in mine if lock in words and words[lock] is not Word.OPEN)
    begins = max((at_doors[row.lock].hours.comes_at for row in opened), default=now)
    return _News(stay, shut, opened, still, begins if begins > now else None)
