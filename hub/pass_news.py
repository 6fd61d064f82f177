"""People are told the codes of their passes by themselves, by the way that each of them chose: once a code opens the doors,
again when it or its hours are others, and when it is over.

Level-triggered: what a person knows (hub/store/pass_news.py) is compared with what is so, and what differs is promised in the
same transaction that writes down that it is. A promise holds ids; the digits are opened when it is performed, if it still is
true then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import pass_words
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Rejected, Unavailable
from hub.issuing import Desk
from hub.model.alerts import Way
from hub.model.codes import ready
from hub.model.effects import Effect, SendEmail, SendSms, TellPass
from hub.model.pass_news import AHEAD, Known, Present, What, due, look_again, may_tell, version
from hub.model.passes import Turnover
from hub.model.people import ToldBy
from hub.model.values import LockId, PassId, PersonId, Proof, PropertyId, Window
from hub.passes import TRUST_WAIT, Ground, opened
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import alerts, codes, doors, house, log, mail, passes
from hub.store import pass_news as rows
from hub.store.alerts import Sent, Telling
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Store, Tx
from hub.store.ladder import can_wait
from hub.store.pass_news import PassNews
from hub.store.passes import Pass
from hub.store.persons import Person
from hub.telling import NO_ADDRESS, SENDERS, WORDS, Messenger, Quiet

logger = structlog.get_logger("codes told")

SETTLE_S: Final = 1.0
"""One thing that happens changes several; they are looked at together."""
SOON: Final = timedelta(minutes=1)
"""Until the next look while a code is on its way into its locks: nothing says when it is there."""
LATE: Final = timedelta(minutes=15)
STALE: Final = timedelta(days=1)
"""Who could not be told for so long that a code is off has learnt it otherwise, or will at the door."""
WAYS: Final = {ToldBy.EMAIL: Way.EMAIL, ToldBy.SMS: Way.SMS}
_SURE: Final = frozenset({Proof.READ_BACK, Proof.CONFIRMED})
_ENDINGS: Final = frozenset({What.ENDED, What.OFF})


@dataclass(frozen=True, slots=True)
class _Seen:
    """One pass, what its holder knows of it, and what is so."""

    row: Pass
    person: Person
    news: PassNews | None
    is_: Present
    lacking: tuple[LockId, ...]
    """Doors that are not ready."""
    what: What | None
    expected: datetime | None = None
    """From when on the code may be in the locks that lack it; None: none does."""


class _Scene:
    """All that is read to see what is due, once for all passes."""

    def __init__(self, tx: Tx, desk: Desk) -> None:
        self._tx = tx
        self.ground = Ground.read(tx, desk)
        self._doors = {door.id: door for door in doors.doors(tx)}
        self._granted = passes.granted(tx)
        self._news = rows.all_news(tx)

    def used_up(self, row: Pass) -> frozenset[LockId]:
        """Doors that it opens no more, as it was used there as often as it may be."""
        if row.uses is None:
            return frozenset()
        used = passes.counted(self._tx, [row.id])
        return frozenset(lock for lock in row.locks if len(used.get((row.id, lock), ())) >= row.uses)

    def seen(self, row: Pass, *, anew: bool = False) -> _Seen:
        """`anew`: as if nobody knew anything yet."""
        now, news = self.ground.now, self._news.get(row.id)
        window, stopped = self.ground.window(self._tx, row), self.ground.ended(row)
        is_version = version(((door.lock, door.tag) for door in row.doors), row.when, row.good, window)
        told = news is not None and news.known.version == is_version and not (news.known.lacking or anew)
        used_up = self.used_up(row)
        lacking = () if told or window is None else tuple(self._lacking(row, window, used_up))
        is_ = Present(
            row.when,
            is_version,
            window,
            ready=window is not None and not lacking,
            partly=len(lacking) < len(row.doors) - len(used_up),
            asked_at=self._asked_at(row, lacking),
            stopped=stopped,
            over=row.good.over(now) or self._ended_long_ago(row),
        )
        what = due(None if news is None else news.known, is_, now)
        expected = None if window is None or stopped else self._expected(row, window, lacking)
        return _Seen(row, self.ground.people[row.person], news, is_, lacking, what, expected)

    def _ended_long_ago(self, row: Pass) -> bool:
        ends = (row.paused_at, row.ended_at, self.ground.people[row.person].ended_at)
        return any(end is not None and end + STALE <= self.ground.now for end in ends)

    def place(self, row: Pass) -> PropertyId:
        return self._doors[row.locks[0]].property

    def _lacking(self, row: Pass, window: Window, used_up: frozenset[LockId]) -> Iterator[LockId]:
        live = {entry.lock: entry for entry in self._granted.get(row.id, ()) if not entry.grant.revoked}
        slots = codes.held_by(self._tx, [entry.grant.id for entry in live.values()])
        for door in row.doors:
            if door.lock in used_up:
                continue
            entry = live.get(door.lock)
            if entry is None or entry.grant.window != window:
                yield door.lock
                continue
            slot = slots.get(entry.grant.id)
            proven = slot is not None and slot.proof in _SURE and ready(entry.grant, slot, self.ground.now)
            if not proven and not self._goes_in_later(entry, self._doors[door.lock], window):
                yield door.lock

    def _asked_at(self, row: Pass, locks: Iterable[LockId]) -> datetime | None:
        made = self._made_at(row)
        return max((made.get(lock) or row.made_at for lock in locks), default=None)

    def _made_at(self, row: Pass) -> dict[LockId, datetime | None]:
        """Of what was granted at each door."""
        # the newest of each door comes last
        return {entry.lock: entry.made_at for entry in self._granted.get(row.id, ())}

    def _expected(self, row: Pass, window: Window, lacking: Iterable[LockId]) -> datetime | None:
        made = self._made_at(row)
        doors = [self._doors[lock] for lock in lacking]
        ahead = ((door, door.ahead if can_wait(door) else AHEAD) for door in doors)
        return min((max(window.start - each, made.get(door.id) or row.made_at) for door, each in ahead), default=None)

    def _goes_in_later(self, entry: Issued, door: Door, window: Window) -> bool:
        """The lock takes codes only when their hours begin; they do soon, and it answered when it was last asked."""
        left = window.start - self.ground.now
        if not timedelta(0) < left <= AHEAD or can_wait(door) or entry.refused:
            return False
        return door.silent_since is None and not door.quarantined and door.abilities is not None


@dataclass(frozen=True, slots=True)
class PassTeller:
    """Promises what people are to be told of their codes, and keeps the promises."""

    post: Messenger
    desk: Desk
    bus: Bus
    wall: Clock

    @property
    def _plugins(self) -> Plugins:
        return self.post.plugins

    @property
    def _store(self) -> Store:
        return self.post.store

    async def run(self) -> None:
        """Until cancelled. Where nothing that sends is set up, nobody is told, and it never looks."""
        async with self.bus.listen("people", "stays", "house", "clock", "channels") as nudges:
            while True:
                await pause(self.post.clock, await self._look(), nudges)
                await self.wall.sleep(SETTLE_S)

    async def _look(self) -> datetime | None:
        """Promise what is due, and say when to look again."""
        if all(self._plugins.performer(sender) is None for sender in SENDERS.values()):
            return None
        try:
            found, again = await self._store.read(self._found)
            if found:
                await self._store.write(self._promise_all)
        except Disappointment as error:
            logger.warning("who is to be told a code could not be worked out; it is tried again", why=str(error))
            return self.post.clock.now() + SOON
        return again

    def _found(self, tx: Tx) -> tuple[list[_Seen], datetime | None]:
        """What is due of those who can be told."""
        listed = [row for row in passes.all_passes(tx) if row.doors]
        if not listed:
            return [], None
        scene, quiet = _Scene(tx, self.desk), Quiet(tx, self.post.clock)
        now = scene.ground.now
        if not scene.ground.trusted:
            return [], now + TRUST_WAIT
        found, edges = list[_Seen](), list[datetime]()
        reach: dict[PersonId, bool] = {}
        for row in listed:
            person = scene.ground.people[row.person]
            if not reach.setdefault(person.id, self.way(person) is not None):
                continue
            seen = scene.seen(row)
            known = None if seen.news is None else seen.news.known
            if (edge := look_again(known, seen.is_, now)) is not None:
                edges.append(edge)
            if seen.what is None:
                edges += _next_looks(seen, now)
            elif (morning := quiet.until(scene.place(row))) is not None and _can_wait(seen, morning):
                edges.append(morning)
            else:
                found.append(seen)
        return found, min(edges, default=None)

    def way(self, person: Person) -> Way | None:
        """How this person can be told now; None: by hand."""
        way = WAYS.get(person.told_by)
        if way is None or self._plugins.performer(SENDERS[way]) is None:
            return None
        return way if self.post.address(person, way) else None

    def _promise_all(self, tx: Tx) -> None:
        found, _ = self._found(tx)
        for seen in found:
            assert seen.what is not None  # _found
            self._promise(tx, seen, seen.what)

    def _promise(self, tx: Tx, seen: _Seen, what: What) -> None:
        known = None if seen.news is None else seen.news.known
        way, now = self.way(seen.person), self.post.clock.now()
        assert way is not None  # _found
        if what in _ENDINGS and seen.news is not None and not seen.news.known.handed:
            rows.forgotten(tx, seen.news)
            return
        key = f"pass:{tx.new_id(now)}"
        if what in _ENDINGS:
            assert known is not None  # due
            told, lacking = Known("", known.window), tuple[LockId, ...]()
        else:
            turn = seen.is_.window if isinstance(seen.row.when, Turnover) else None
            again = known is not None and known.version == seen.is_.version and known.handed
            told = Known(seen.is_.version, turn, bool(seen.lacking), handed=again or what is What.CHANGED)
            lacking = seen.lacking
        rows.keep(tx, PassNews(seen.row.id, key, told, lacking))
        alerts.tell(tx, Telling(key, None, seen.person.id, seen.person.name, way, what.value, now))
        effect = TellPass(seen.person.id, way.value, seen.row.id, what.value)
        mail.promise(tx, effect, key=key, lane=f"passes:{way.value}", due=self.wall.now())

    # ---- people ----

    def send_again(self, tx: Tx, id_: PassId, actor: str) -> None:
        """Raises Rejected, with what to do instead."""
        row = passes.pass_with(tx, id_)
        if row is None:
            raise Rejected("there is no such pass")
        scene = _Scene(tx, self.desk)
        seen = scene.seen(row, anew=True)
        why = self.untold_because(seen.person)
        if why:
            raise Rejected(why)
        if seen.is_.stopped or not seen.is_.version:
            raise Rejected("the pass opens nothing now, so there is nothing to tell")
        if not may_tell(seen.is_, scene.ground.now):
            raise Rejected("the code is not proven in every lock yet; it is sent by itself as soon as it is")
        self._promise(tx, seen, What.CODE)
        log.record(tx, self.post.clock.now(), actor, "pass sent again", f"person:{row.person}", detail=row.name)

    def untold_because(self, person: Person) -> str:
        """Why a person is told by hand; empty: they are told by themselves."""
        way = WAYS.get(person.told_by)
        if way is None:
            return f"{person.name} is told by hand"
        if not self.post.address(person, way):
            return f"{NO_ADDRESS[way]} of {person.name}"
        if self._plugins.performer(SENDERS[way]) is None:
            return f"no service that sends {WORDS[way]} is set up"
        return ""

    # ---- keeping the promise ----

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable. A refusal is kept with the telling."""
        assert isinstance(effect, TellPass)
        known = await self._store.read(lambda tx: rows.of_pass(tx, effect.pass_))
        letter = await self._store.write(lambda tx: self._letter(tx, effect, key))
        try:
            ended = await self.post.deliver(letter, Way(effect.way), key)
        except Unavailable as error:
            if error.untouched:
                await self._never_left(known, key)
            raise
        if ended is Sent.REFUSED:
            await self._never_left(known, key)

    async def _never_left(self, known: PassNews | None, key: str) -> None:
        """This try did not hand the digits over; `known`: before it."""

        def work(tx: Tx) -> None:
            news = None if known is None else rows.of_pass(tx, known.pass_)
            if news is not None and known is not None and news.key == known.key == key:
                rows.keep(tx, replace(news, known=replace(news.known, handed=known.known.handed)))

        await self._store.write(work)

    def _letter(self, tx: Tx, effect: TellPass, key: str) -> SendEmail | SendSms | tuple[Sent, str | None]:
        """What is sent, marked as leaving; or how the telling ends without."""
        telling, row = alerts.telling(tx, key), passes.pass_with(tx, effect.pass_)
        news, what, way = rows.of_pass(tx, effect.pass_), What(effect.what), Way(effect.way)
        if telling is not None and telling.state is Sent.SENT:
            return Sent.SENT, None
        if telling is None or row is None or news is None or news.key != key:
            return Sent.MOOT, "something newer is told instead"
        if not row.doors:
            return Sent.MOOT, "it has no door any more"
        scene = _Scene(tx, self.desk)
        seen = scene.seen(row)
        moot = _moot(seen, what, way)
        if moot:
            rows.forgotten(tx, news)
            return Sent.MOOT, moot
        address = self.post.address(seen.person, way)
        if not address:
            return Sent.REFUSED, NO_ADDRESS[way]
        words = self._words(tx, seen, news, what, scene.used_up(row))
        if what not in _ENDINGS and self._plugins.performer(SENDERS[way]) is not None:
            if telling.why is None:
                log.record(tx, self.post.clock.now(), "gatehouse", "pass told", f"person:{row.person}", detail=row.name)
            passes.told(tx, row.id, self.post.clock.now())
            rows.handed(tx, news)
        return SendSms(address, words.short) if way is Way.SMS else SendEmail(address, words.subject, words.text)

    def _words(self, tx: Tx, seen: _Seen, news: PassNews, what: What, used_up: frozenset[LockId]) -> pass_words.Words:
        row = seen.row
        names = {door.id: door.name for door in doors.some(tx, row.locks)}
        place_id = next(door.property for door in doors.some(tx, row.locks))
        place = house.property_with(tx, place_id)
        assert place is not None  # a lock has one
        unit = house.unit_with(tx, row.when.unit) if isinstance(row.when, Turnover) and row.when.unit else None
        telling = pass_words.Telling(
            what,
            seen.person.name,
            place,
            row,
            news.known.window if what is What.OFF else seen.is_.window,
            names,
            news.lacking,
            "" if unit is None else unit.name,
        )
        left = () if what in _ENDINGS else (door for door in row.doors if door.lock not in used_up)
        pins = {door.lock: opened(self.desk, row.id, door) for door in left}
        return pass_words.words(telling, pins)


def _next_looks(seen: _Seen, now: datetime) -> Iterator[datetime]:
    """While a code is on its way; seldom once it is late."""
    if seen.expected is not None:
        yield now + (SOON if now < seen.expected + LATE else LATE) if seen.expected <= now else seen.expected


def _can_wait(seen: _Seen, morning: datetime) -> bool:
    """Nobody is woken for hours that begin when the quiet ones are over."""
    window = seen.is_.window
    return window is None or window.start >= morning


def _moot(seen: _Seen, what: What, way: Way) -> str:
    """Why it is not told any more; empty: it is."""
    if WAYS.get(seen.person.told_by) is not way:
        return "they are told otherwise by now"
    assert seen.news is not None  # _letter
    if what is What.ENDED:
        return "" if seen.is_.stopped else "it is good again"
    if what is What.OFF:
        return ""
    if seen.is_.stopped or seen.is_.version != seen.news.known.version:
        return "it is otherwise by now"
    return ""
