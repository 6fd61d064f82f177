"""What is taken here is told to every platform: by a calendar that it fetches from a secret address, or brought to it.

What each is told is state, compared with the stays, holds and closures whenever those change, and once more whenever it is
about to leave. Two clocks stand at each: since when we say something, and since when the platform is known to have it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from hub import closed_there, diaries, pushing
from hub.bus import Bus
from hub.contracts import Clock, Performer
from hub.errors import Disappointment, Rejected, Unavailable
from hub.io.vault import Vault
from hub.model import diary
from hub.model.availability import Closed
from hub.model.effects import Effect, PublishNights, SetNights
from hub.model.publishing import Block, Occupied, Said, busy, calendar, of_closure, of_stay, platform_of, ranges
from hub.model.stays import free_at, nights
from hub.model.values import CODED, ChannelId, StayId, StayKind, UnitId, clean
from hub.plugins import Plugins
from hub.pushing import Pushing
from hub.schedule import pause
from hub.store import bookings, house, listings, mail, pushes
from hub.store import publishing as rows
from hub.store.engine import Store, Tx
from hub.store.house import ChannelRow, Property
from hub.store.publishing import BROUGHT, DIARY, FAILED, FETCHED, NOTED, OK, OUT, PUSH, TAKEN, Entry, Outlet
from hub.store.pushes import Elsewhen

log = structlog.get_logger("publishing")

LOOK_EVERY: Final = timedelta(minutes=15)
SETTLE_S: Final = 1.0
"""What changes together is told together."""
AT_ONCE: Final = 20
"""So many platforms and units are brought up to date in one transaction."""
ANSWER_WITHIN_S: Final = 25.0
"""Less than the outbox's own patience, so that it is written down who did not answer."""
STORE_WAIT: Final = timedelta(seconds=10)


# ---- what should be said -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """What is not said yet as it should be."""

    say: tuple[Block, ...]
    unsay: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.say or self.unsay)

    @property
    def words(self) -> str:
        parts = []
        if self.say:
            parts.append(f"{len(self.say)} {'entry' if len(self.say) == 1 else 'entries'} new or changed")
        if self.unsay:
            parts.append(f"{len(self.unsay)} taken out")
        return ", ".join(parts)


class Wanted:
    """Everything that takes nights now, of all units that are told of anywhere."""

    def __init__(self, tx: Tx, outlets: list[Outlet], now: datetime, pushed_to: Collection[Pushing] = ()) -> None:
        """`pushed_to`: accounts that get the bookings made here as bookings."""
        self.now = now
        self._pushed_to = {each.channel: pushes.refused(tx, each.channel, now) for each in pushed_to}
        self._waiting_open = {each.channel for each in pushed_to if not each.keeps_waiting}
        self._listings = listings.joined(tx) if any(self._pushed_to.values()) else {}
        units = {each.unit_id for each in outlets}
        self._holds = bookings.live_holds(tx, now) if outlets else []
        self._shut = bookings.closures_after(tx, now.date() - timedelta(days=1), units) if outlets else []
        self._nights: dict[UnitId, list[rows.Night]] = {unit: [] for unit in units}
        for night in rows.taken(tx, units, now) if outlets else ():
            self._nights[night.unit].append(night)
        self._elsewhen: dict[UnitId, dict[StayId, list[Elsewhen]]] = {unit: {} for unit in units}
        for each in pushes.elsewhen(tx, now) if outlets else ():
            for unit in dict.fromkeys(filter(None, (each.unit, each.their_unit))):
                self._elsewhen.get(unit, {}).setdefault(each.stay, []).append(each)
        self._gone = pushes.cancelled_there(tx, now) if outlets else {}
        self._places = {unit: house.property_of(tx, unit) for unit in units}
        self._buffers = {unit: bookings.rules_at(tx, unit).buffer for unit in units}
        few = len(outlets) <= AT_ONCE
        self._said = {_pair(one): rows.said(tx, one) for one in outlets} if few else rows.all_said(tx)
        self._blocks_of: dict[str, tuple[Block, ...]] = {}
        self._diaries = {
            _pair(each): tuple(diaries.entries(tx, each.unit_id, now, besides=each.channel_id))
            for each in outlets
            if each.way == DIARY
        }

    def entries(self, outlet: Outlet) -> tuple[diary.Entry, ...]:
        """What should stand in a calendar that people keep."""
        return self._diaries.get(_pair(outlet), ())

    def at(self, outlet: Outlet) -> dict[str, Block]:
        """What a platform should be told of a unit: all but what it told us itself."""
        place = self._places[outlet.unit_id]
        if place is None:
            return {}
        today = self.now.astimezone(place.zone).date()
        return {each.about: each for each in self._blocks(outlet) if each.until > today}

    def _blocks(self, outlet: Outlet) -> Iterator[Block]:
        unit, place = outlet.unit_id, self._places[outlet.unit_id]
        assert place is not None  # `at` has looked
        if outlet.way == DIARY:
            yield from (diaries.block(each, place.zone) for each in self.entries(outlet))
            return
        for id_, others in self._elsewhen[unit].items():
            yield from _apart(outlet, id_, others)
        for stay in self._nights[unit]:
            open_there = stay.waits and outlet.channel_id in self._waiting_open
            if self._as_booking(outlet, stay) and not open_there:
                continue
            knowing = {each for each in outlet.for_whom & stay.told_by if (each, stay.id) not in self._gone}
            has = self._has(outlet, stay)
            if stay.moved or not knowing or open_there:
                yield from self._of(stay, place)
            elif has is not None:
                yield from _lacking(stay, has, place)
            else:
                yield from self._longer(stay, place, knowing)
        for hold in self._holds:
            if hold.unit == unit:
                yield Block(f"hold:{hold.id}", hold.arrival, hold.departure, False)
        for row in self._shut:
            if row.unit == unit:
                yield from of_closure(f"closure:{row.id}", Closed(row.kind, row.first, row.until))

    def _of(self, stay: rows.Night, place: Property) -> tuple[Block, ...]:
        """The same at every platform."""
        if stay.id not in self._blocks_of:
            end = free_at(stay.check_in, stay.check_out, stay.left_at)
            days, somebody = (stay.arrival, stay.departure), StayKind(stay.kind) in CODED
            occupied = Occupied(f"stay:{stay.id}", *days, stay.check_in, end, somebody)
            found = of_stay(occupied, bookings.hours_of(place), self._buffers[stay.unit])
            self._blocks_of[stay.id] = tuple(found)
        return self._blocks_of[stay.id]

    def _longer(self, stay: rows.Night, place: Property, knowing: Collection[ChannelId]) -> Iterator[Block]:
        """The nights by which a person here made it longer than its own channel believes."""
        until = min((stay.told_until.get(each, stay.departure) for each in knowing), default=stay.departure)
        if stay.arrival <= until < stay.departure:
            end = free_at(stay.check_in, stay.check_out, stay.left_at)
            more = Occupied(f"stay:{stay.id}:more", until, stay.departure, stay.check_in, end, True)
            yield from of_stay(more, bookings.hours_of(place), timedelta(0))

    def _has(self, outlet: Outlet, stay: rows.Night) -> frozenset[date] | None:
        """The nights that an account has of a booking of ours which it would not take as it is; None: as it says itself."""
        push = self._pushed_to.get(outlet.channel_id, {}).get(StayId(stay.id))
        if push is None or push.took is None:
            return None
        listing, there = push.took
        here = self._listings.get(outlet.channel_id, {}).get(listing) == outlet.unit_id
        return there if here else frozenset()

    def _as_booking(self, outlet: Outlet, stay: rows.Night) -> bool:
        """It is there, or on its way there, as a booking; one that was refused there is closed at least."""
        failed = self._pushed_to.get(outlet.channel_id)
        here = not stay.told_by and stay.kind == StayKind.RESERVATION.value
        return failed is not None and here and stay.id not in failed

    def change(self, outlet: Outlet) -> Change:
        wanted, known = self.at(outlet), {each.block.about: each for each in self._said.get(_pair(outlet), ())}
        place = self._places[outlet.unit_id]
        today = self.now.date() if place is None else self.now.astimezone(place.zone).date()
        say = tuple(
            block
            for about, block in wanted.items()
            if about not in known or known[about].gone or known[about].block != block
        )
        unsay = tuple(
            about for about, each in known.items() if about not in wanted and not each.gone and each.block.until > today
        )
        return Change(say, unsay)

    @property
    def next_edge(self) -> datetime:
        """When time alone may change something."""
        return min([self.now + LOOK_EVERY, *(hold.expires_at for hold in self._holds)])


def _lacking(stay: rows.Night, has: frozenset[date], place: Property) -> Iterator[Block]:
    """The nights of a stay that its account keeps open."""
    end = free_at(stay.check_in, stay.check_out, stay.left_at)
    for number, (first, until) in enumerate(ranges(nights(stay.arrival, stay.departure) - has)):
        part = Occupied(f"stay:{stay.id}:lacking{number or ''}", first, until, stay.check_in, end, True)
        yield from of_stay(part, bookings.hours_of(place), timedelta(0))


def _apart(outlet: Outlet, stay: StayId, others: Collection[Elsewhen]) -> Iterator[Block]:
    """The nights that a booking of ours has at its account and not here; to the account, those that it has here only."""
    apart = set[date]()
    for each in others:
        ours, theirs = each.nights_in(outlet.unit_id)
        apart |= ours - theirs if each.channel in outlet.for_whom else theirs - ours
    for number, (first, until) in enumerate(ranges(apart)):
        yield Block(f"stay:{stay}:apart{number or ''}", first, until, True)


def bring_up_to_date(tx: Tx, outlet: Outlet, wanted: Wanted, due: datetime) -> Outlet:
    """Say what is so now. `due`: when it is to be brought to the platform, in real time."""
    now, found = wanted.now, wanted.change(outlet)
    rows.drop_over(tx, outlet, now.date() - timedelta(days=1))
    if found:
        version = outlet.version + 1
        rows.say(tx, outlet, found.say, version, now)
        for about in found.unsay:
            rows.unsay(tx, outlet, about, version, now)
        rows.change(tx, outlet, version=version, changed_at=now)
        rows.note(tx, Entry(0, outlet.channel_id, outlet.unit_id, now, OUT, NOTED, f"published: {found.words}"))
    after = rows.outlet(tx, outlet.channel_id, outlet.unit_id)
    assert after is not None  # nobody closed it meanwhile: this is one transaction
    if after.way in BROUGHT and found:
        _promise(tx, after, due)
    return after


def _pair(outlet: Outlet) -> tuple[ChannelId, UnitId]:
    return outlet.channel_id, outlet.unit_id


def _kept_as(outlet: Outlet) -> str:
    return f"nights:{outlet.channel_id}:{outlet.unit_id}:"


def _promise(tx: Tx, outlet: Outlet, due: datetime, *, anew: str = "") -> None:
    """One at a time: what is brought is what is so when it is brought."""
    if anew:
        mail.overtake(tx, _kept_as(outlet), due, waiting=True)
    elif mail.waiting(tx, _kept_as(outlet)):
        return
    effect = PublishNights(outlet.channel_id, outlet.unit_id, anew)
    key = f"{_kept_as(outlet)}{outlet.version}{anew and ':'}{anew}"
    mail.promise(tx, effect, key=key, lane=f"channel:{outlet.channel_id}", due=due)


# ---- keeping it up to date -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Needed:
    """What is to be done at one look."""

    again: datetime
    """When to look again at the latest."""
    news: list[tuple[ChannelId, UnitId]] = field(default_factory=list)
    """Where something else is to be said than is."""
    arrange: bool = False
    """Something is told that was not, or the other way round."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Keeps what is said as it is so, and brings it where it has to be brought."""

    store: Store
    bus: Bus
    clock: Clock
    wall: Clock
    plugins: Plugins
    vault: Vault

    @property
    def _pushed_to(self) -> list[Pushing]:
        return [each for each in pushing.accounts(self.plugins) if not each.rehearses]

    async def run(self) -> None:
        async with self.bus.listen("stays", "house", "pollers", "publishing", "clock") as nudges:
            while True:
                try:
                    again = await self.look()
                except Unavailable as error:
                    log.warning("what platforms are told waits for the store", why=str(error))
                    again = self.clock.now() + STORE_WAIT
                await pause(self.clock, again, nudges)
                await self.clock.sleep(SETTLE_S)

    async def look(self) -> datetime:
        """Do what is to be done now, and say when to look again at the latest."""
        needed = await self.store.read(self._needed)
        if needed.arrange:
            await self.store.write(self._arrange)
            return self.clock.now()
        for start in range(0, len(needed.news), AT_ONCE):  # others write in between
            chunk = needed.news[start : start + AT_ONCE]
            await self.store.write(lambda tx, chunk=chunk: self._say(tx, chunk))  # type: ignore[misc]
        return needed.again

    def _needed(self, tx: Tx) -> _Needed:
        now, known = self.clock.now(), rows.all_outlets(tx)
        if not self.clock.trusted:
            return _Needed(now + LOOK_EVERY)
        pushed, served = {_pair(each): each.way for each in known if each.way in BROUGHT}, self._served(tx)
        strange = any(each.unit_id not in served.get(each.channel_id, ()) for each in known)
        echoes = rows.echoes_end(tx)
        over = echoes is not None and echoes <= now
        if over or strange or pushed != self._pushed(tx) or any(self._habits(tx, known)):
            return _Needed(now, arrange=True)
        wanted = Wanted(tx, known, now, self._pushed_to)
        again = wanted.next_edge if echoes is None else min(wanted.next_edge, echoes)
        return _Needed(again, [_pair(each) for each in known if wanted.change(each)])

    def _arrange(self, tx: Tx) -> None:
        """Have a row for whatever is told, and none for what is not; end the echoes that are over."""
        now, served, pushed = self.clock.now(), self._served(tx), self._pushed(tx)
        for each in rows.all_outlets(tx):
            lost = each.way in BROUGHT and pushed.get(_pair(each)) != each.way
            if each.unit_id not in served.get(each.channel_id, ()) or lost:
                rows.close_outlet(tx, each)
        for (channel, unit), way in pushed.items():
            opened = rows.open_outlet(tx, channel, unit, way, now)
            if opened.way != way:
                rows.change(tx, opened, way=way)
        for each, habits, readers in self._habits(tx, rows.all_outlets(tx)):
            rows.keep_habits(tx, each, habits, readers)
        for channel in rows.forget_echoes(tx, now):
            listings.read_anew(tx, channel)  # what it lists is unchanged, and may mean something else from here on

    def _say(self, tx: Tx, pairs: list[tuple[ChannelId, UnitId]]) -> None:
        outlets = [each for pair in pairs if (each := rows.outlet(tx, *pair)) is not None]
        wanted = Wanted(tx, outlets, self.clock.now(), self._pushed_to)
        for each in outlets:
            bring_up_to_date(tx, each, wanted, self.wall.now())

    def _served(self, tx: Tx) -> dict[ChannelId, frozenset[UnitId]]:
        return {row.id: row.serves for row in house.channels(tx)}

    def _pushed(self, tx: Tx) -> dict[tuple[ChannelId, UnitId], str]:
        """Where our word has to be brought, and in which way. What is switched off for the moment is not forgotten."""
        found = {_pair(each): each.way for each in rows.all_outlets(tx) if each.way in BROUGHT}
        for row in house.channels(tx):
            integration = self.plugins.integration(row.id)
            if integration is None:
                continue
            found = {pair: way for pair, way in found.items() if pair[0] != row.id}
            if SetNights in integration.perform:
                found |= dict.fromkeys(
                    ((row.id, unit) for unit in row.serves), DIARY if integration.keeps_diary else PUSH
                )
        return found

    def _habits(self, tx: Tx, known: list[Outlet]) -> Iterator[tuple[Outlet, str, list[ChannelId]]]:
        """Of those whose settings say something new: whose habits they have, and who fetches from there."""
        channels = {row.id: row for row in house.channels(tx)}
        for each in known:
            row = channels[each.channel_id]
            told = house.opened_settings(row, self.vault).get("readers", [])
            habits, readers = platform(row, self.vault), sorted(ChannelId(str(one)) for one in told)
            if each.platform != habits or each.for_whom != frozenset((each.channel_id, *readers)):
                yield each, habits, readers

    # ---- bringing it ----

    async def perform(self, effect: Effect, _key: str) -> None:
        """Bring a platform to what is so now. Raises Unavailable; a refusal is written down and waits for a person."""
        assert isinstance(effect, PublishNights)  # the outbox asks by kind
        told = await self.store.write(lambda tx: self._to_tell(tx, effect))
        if told is None:
            return
        try:
            await self._bring(told)
        except Disappointment as error:
            words, refused = clean(str(error), limit=300), isinstance(error, Rejected)
            await self.store.write(lambda tx: self._not_told(tx, told, words, refused=refused))
            if refused:
                return  # trying again would not help; the page and the alert say what they said
            raise
        await self.store.write(lambda tx: self._told(tx, told))

    async def _bring(self, told: SetNights) -> None:
        performer = self._performer(told.channel)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await performer(told, f"nights:{told.channel}:{told.unit}:{told.version}")
        except TimeoutError as error:
            raise Unavailable(f"no answer within {ANSWER_WITHIN_S:g} s") from error

    def _performer(self, channel: ChannelId) -> Performer:
        integration = self.plugins.integration(channel)
        if integration is None:
            raise Unavailable(f"the channel “{channel}” is switched off")
        performer = integration.perform.get(SetNights)
        if performer is None:
            raise Rejected(f"the channel “{channel}” does not take nights")
        return performer

    def _to_tell(self, tx: Tx, effect: PublishNights) -> SetNights | None:
        row, outlet = house.channel_with(tx, effect.channel), rows.outlet(tx, effect.channel, effect.unit)
        if row is None or outlet is None:
            return None
        now = self.clock.now()
        wanted = Wanted(tx, [outlet], now, self._pushed_to)
        if not self.clock.trusted:
            raise Unavailable("the hub does not know the time for certain")
        outlet = bring_up_to_date(tx, outlet, wanted, self.wall.now())
        said = [each for each in rows.said(tx, outlet) if not each.gone]
        blocks = tuple(each.block for each in said)
        # What stands in a calendar that people keep bears a name, and is not taken for anybody else's.
        nights, before = frozenset() if outlet.way == DIARY else busy(blocks), rows.handed(tx, outlet)
        rows.hand_over(tx, outlet, nights, now)
        today, theirs = self._today(tx, outlet), closed_there.nights_of(tx, *_pair(outlet), now)
        freed = ranges({night for night in before - nights if night >= today})
        word, file = listing_of(row, effect.unit), calendar(said)
        entries, anew = wanted.entries(outlet), effect.anew
        return SetNights(*_pair(outlet), word, outlet.version, blocks, freed, file, entries, theirs, anew)

    def _today(self, tx: Tx, outlet: Outlet) -> date:
        place = house.property_of(tx, outlet.unit_id)
        return self.clock.now().date() if place is None else self.clock.now().astimezone(place.zone).date()

    def _told(self, tx: Tx, told: SetNights) -> None:
        outlet, now = rows.outlet(tx, told.channel, told.unit), self.clock.now()
        if outlet is None:
            return
        after = rows.heard(tx, outlet, told.version, busy(told.taken), now)
        well = {"failing_since": None, "failing_why": "", "again_at": None}
        rows.change(tx, outlet, told_version=told.version, told_at=now, told_how=TAKEN, asked_at=now, **well)
        what = f"brought there: {_count(len(told.taken))}"
        rows.note(tx, Entry(0, *_pair(outlet), now, OUT, OK, what, after_s=after))

    def _not_told(self, tx: Tx, told: SetNights, words: str, *, refused: bool) -> None:
        outlet, now = rows.outlet(tx, told.channel, told.unit), self.clock.now()
        if outlet is None:
            return
        rows.change(tx, outlet, failing_since=outlet.failing_since or now, failing_why=words, asked_at=now)
        what = "refused there" if refused else "could not be brought there"
        rows.note(tx, Entry(0, told.channel, told.unit, now, OUT, FAILED, what, words))

    def push_now(self, tx: Tx, outlet: Outlet, actor: str) -> None:
        """A person says so: all of it is brought now, also what waits, and what the platform took before."""
        now = self.clock.now()
        rows.note(tx, Entry(0, outlet.channel_id, outlet.unit_id, now, OUT, NOTED, "sync asked for", by=actor))
        _promise(tx, outlet, self.wall.now(), anew=tx.new_id(now))


def platform(row: ChannelRow, vault: Vault) -> str:
    """Whose habits a channel has; empty: nobody knows."""
    settings = house.opened_settings(row, vault)
    address = str(settings.get("url", ""))
    return platform_of(str(settings.get("source", "")), address) or platform_of(row.integration, "")


def listing_of(row: ChannelRow, unit: UnitId) -> str:
    """The platform's own word for a unit."""
    return next((listing for listing, each in sorted(row.units.items()) if each == unit), unit)


def _count(entries: int) -> str:
    return f"{entries} {'entry' if entries == 1 else 'entries'}"


# ---- being fetched -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handout:
    """A calendar as a platform gets it, and what must be remembered once it has it."""

    outlet: Outlet
    body: bytes
    nights: frozenset[date]
    said: tuple[Said, ...]


def hand_out(tx: Tx, outlet: Outlet, clock: Clock, due: datetime) -> Handout:
    """What the platform gets now. Its nights count as given before they have left: a crash must not make them strange."""
    now = clock.now()
    if clock.trusted:  # with a wrong time nights would seem over, and be free there
        outlet = bring_up_to_date(tx, outlet, Wanted(tx, [outlet], now), due)
    said = tuple(each for each in rows.said(tx, outlet) if not each.gone)
    nights = busy(each.block for each in said)
    rows.hand_over(tx, outlet, nights, now)
    return Handout(outlet, calendar(said), nights, said)


def fetched(tx: Tx, handout: Handout, by: str, now: datetime) -> None:
    """The platform has it: whatever stands in it is confirmed."""
    outlet = rows.outlet(tx, handout.outlet.channel_id, handout.outlet.unit_id)
    if outlet is None:
        return
    version, by = handout.outlet.version, clean(by, limit=120) or "somebody without a name"
    after = rows.heard(tx, outlet, version, handout.nights, now)
    rows.change(tx, outlet, told_version=version, told_at=now, told_how=FETCHED, asked_at=now, asked_by=by)
    if outlet.told_at is None or version > outlet.told_version:
        what = f"fetched by the platform: {_count(len(handout.said))}"
        rows.note(tx, Entry(0, *_pair(outlet), now, OUT, OK, what, by=by, after_s=after))
