"""What comes in is kept before anybody tries to understand it: T1 stores, then it is acknowledged, then it is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import structlog
from pydantic import TypeAdapter, ValidationError

from hub import hearing, readings
from hub.bus import Bus
from hub.contracts import Clock, Delivery, Integration
from hub.errors import Disappointment, Garbled, Rejected, Unavailable
from hub.intake import Intake
from hub.io.vault import NOT_OPENED, Vault
from hub.model.facts import CalendarFailed, CalendarRead, Fact
from hub.model.values import ChannelId
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import house, listings, mail
from hub.store import stays as ledger
from hub.store.engine import Single, Store, Tx
from hub.store.listings import Unplaced
from hub.store.mail import Letter

log = structlog.get_logger("inbox")

AGAIN_AFTER: Final = (timedelta(seconds=30), timedelta(seconds=120), timedelta(seconds=300))
"""Ruling C27: three more tries, then a person."""
STORE_WAIT_S: Final = 10.0
"""Real time. Until the next try when the disk is full."""
TRUST_WAIT: Final = timedelta(seconds=30)
"""How often to look whether the hub knows the time by now. Until then what comes in waits, safe on disk."""
QUIET: Final = timedelta(minutes=15)
"""How often "nothing new" is written down while nothing hangs on it."""

PART: Final = 25
"""So many bookings that say something new are taken in at once, then others may write."""

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _SoFar:
    """How far a delivery was taken in."""

    facts: int = 0
    """So many of those it tells."""
    reading: readings.SoFar | None = None
    """Of the next one."""

    @classmethod
    def of(cls, text: str | None) -> Self | None:
        """None: another version wrote it, of which this one knows too much or too little."""
        if text is None:
            return cls()
        try:
            found = TypeAdapter(cls).validate_json(text, strict=True)
        except ValidationError:
            return None
        # What it does not know it would leave out, and what is not there it would make up.
        return found if json.loads(str(found)) == json.loads(text) else None

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Inbox:
    store: Store
    vault: Vault
    bus: Bus
    clock: Clock
    wall: Clock
    plugins: Plugins
    intake: Intake
    spread: Callable[[], float]
    """A number in [0, 1) for jitter."""

    # ---- T1 ----

    async def accept(self, delivery: Delivery) -> bool:
        """Keep a delivery durably; returns when it is safe on disk, False when the same one was there already.

        Raises:
            Unavailable: it could not be stored; the sender should try again.
        """
        letter = self._letter(delivery)

        def work(tx: Tx) -> bool:
            new = mail.accept(tx, letter)
            self._moved_on(tx, delivery)
            tx.signal("inbox")
            return new

        return await self.store.write(work if delivery.cursor is not None else Single(work))

    def _moved_on(self, tx: Tx, delivery: Delivery) -> None:
        """The cursor and what was read up to it are committed together."""
        if delivery.cursor is not None and house.channel_with(tx, delivery.channel) is not None:
            mail.move_cursor(tx, delivery.channel, delivery.cursor)

    def _letter(self, delivery: Delivery) -> Letter:
        sealed = self.vault.seal(delivery.body, about=f"inbox:{delivery.channel}:{delivery.key}")
        # Due at once, whatever a clock says that may be wrong.
        return Letter(0, delivery.channel, delivery.key, delivery.topic, sealed, delivery.received_at, 0, _EVER, None)

    # ---- T2 ----

    async def read(self) -> None:
        """Understand what lies in the inbox, oldest first, until cancelled."""
        cramped = False
        async with self.bus.listen("inbox") as nudges:
            while True:
                try:
                    letters = await self.store.read(lambda tx: mail.letters(tx, self.wall.now()))
                    for letter in letters:
                        await self._known_time()
                        await self._understand(letter)
                    due = None if letters else await self.store.read(mail.next_letter_due)
                    cramped = False
                except Unavailable as error:
                    (log.debug if cramped else log.warning)("the inbox waits for the store", why=str(error))
                    cramped = True
                    await self.wall.sleep(STORE_WAIT_S)
                    continue
                if not letters:
                    await pause(self.wall, due, nudges)

    async def _known_time(self) -> None:
        """Return while the clock is believed. With a wrong one a stay to come looks over, and would be taken for another."""
        if self.clock.trusted:
            return
        async with self.bus.listen("clock") as nudges:
            while not self.clock.trusted:
                await pause(self.wall, self.wall.now() + TRUST_WAIT, nudges)

    async def _understand(self, letter: Letter) -> None:
        integration = self.plugins.integration(letter.channel)
        try:
            if integration is None:
                raise Unavailable(f"the channel “{letter.channel}” is switched off")
            facts = list(await integration.parse(self._opened(letter)))
            so_far: _SoFar | None = self._so_far(letter)
            while so_far is not None:  # others write in between
                so_far = await self.store.write(lambda tx, far=so_far: self._take(tx, letter, facts, far))  # type: ignore[misc]
        except Garbled as error:
            await self._failed(letter, str(error), again=None)
        except Disappointment as error:
            await self._failed(letter, str(error), again=self._later(letter))
        except Exception as error:  # the inbox worker: one of the five places (design.md §5)
            log.error("a delivery could not be taken in", channel=letter.channel, id=letter.id, exc_info=error)
            await self._failed(letter, f"unexpected: {type(error).__name__}", again=self._later(letter))

    def _so_far(self, letter: Letter) -> _SoFar:
        found = _SoFar.of(letter.so_far)
        if found is None:
            why = "another version of the hub wrote how far it was read"
            log.warning("a delivery is read from its beginning again", channel=letter.channel, id=letter.id, why=why)
        return found or _SoFar()

    def _opened(self, letter: Letter) -> Delivery:
        body = self.vault.open(letter.body, about=f"inbox:{letter.channel}:{letter.key}")
        return Delivery(letter.channel, letter.key, body, letter.received_at, letter.topic)

    def _take(self, tx: Tx, letter: Letter, facts: Sequence[Fact], so_far: _SoFar) -> _SoFar | None:
        """A part of what it tells; None: that was the last. Killed after it, the hub goes on with the next."""
        last, after = so_far.facts + PART, so_far
        while after.facts < min(last, len(facts)):
            reading = self.intake.absorb_part(tx, facts[after.facts], letter.channel, after.reading, PART)
            if reading is not None:
                after = _SoFar(after.facts, reading)
                break
            after = _SoFar(after.facts + 1)
        if after.facts >= len(facts):
            mail.letter_done(tx, letter.id)
            return None
        mail.letter_partly_done(tx, letter.id, str(after))
        return after

    def _later(self, letter: Letter) -> datetime | None:
        if letter.attempts >= len(AGAIN_AFTER):
            return None
        return self.wall.now() + AGAIN_AFTER[letter.attempts]

    async def _failed(self, letter: Letter, why: str, *, again: datetime | None) -> None:
        """What a person has to look at has told nothing: a source that is polled is read from its beginning."""

        def work(tx: Tx) -> None:
            mail.letter_failed(tx, letter.id, why, again)
            if again is None and mail.cursor_of(tx, letter.channel) is not None:
                mail.move_cursor(tx, letter.channel, None)

        await self.store.write(work)

    # ---- polls ----

    async def poll(self) -> None:
        """Read every channel that can be polled, each in its own rhythm, until cancelled."""
        async with self.bus.listen("pollers") as changes:
            while True:
                channels = self.plugins.channels
                async with asyncio.TaskGroup() as group:
                    pollers = [group.create_task(self._poll_channel(name, each)) for name, each in channels.items()]
                    await anext(changes)
                    for poller in pollers:
                        poller.cancel()

    async def _poll_channel(self, channel: ChannelId, integration: Integration) -> None:
        if integration.poll_every is None:
            await self._placed(channel, integration)
            return
        every = integration.poll_every.total_seconds()
        failures, called = 0, False
        async with self.bus.listen(f"poll:{channel}") as nudges:
            while True:
                await self._known_time()
                wait = await self._poll_guarded(channel, integration)
                if wait is None:
                    failures = 0
                elif not called:  # before its time a poll may well fail, and the next one is not put off for that
                    failures += 1
                back_off = every * min(2 ** max(failures - 1, 0), 16)
                seconds = max(back_off * (0.9 + 0.2 * self.spread()), 0.0 if wait is None else wait.total_seconds())
                due = self.clock.now() + timedelta(seconds=seconds)
                await pause(self.clock, due, nudges)
                called = self.clock.now() < due

    async def _placed(self, channel: ChannelId, integration: Integration) -> None:
        """What was pushed of a unit that nobody knew is taken in once it is known: it will not be pushed again."""
        async with self.bus.listen(f"poll:{channel}") as nudges:
            while True:
                try:
                    for row in await self.store.read(lambda tx: listings.unplaced_of(tx, channel, placed=True)):
                        await self._take_placed(row, integration)
                except Unavailable as error:
                    log.warning("bookings that have a unit by now wait for the store", channel=channel, why=str(error))
                    await self.wall.sleep(STORE_WAIT_S)
                    continue
                await anext(nudges)

    async def _take_placed(self, row: Unplaced, integration: Integration) -> None:
        topic = integration.topic_again(row.status)
        if topic is None:
            return
        try:
            body = self.vault.open(row.reported, about=f"unplaced:{row.channel_id}:{row.uid}")
        except NOT_OPENED:
            log.warning("a booking that waited for its unit cannot be opened", channel=row.channel_id)
            return
        key = f"placed:{row.uid}:{row.seen_at.timestamp()}"
        await self.accept(Delivery(row.channel_id, key, body, row.seen_at, topic))

    async def _poll_guarded(self, channel: ChannelId, integration: Integration) -> timedelta | None:
        """A fault in one integration, or a full disk, costs this channel a poll and nobody anything else."""
        try:
            return await self._poll_once(channel, integration)
        except Unavailable as error:
            log.warning("a channel's poll waits for the store", channel=channel, why=str(error))
        except Exception as error:  # the channel's keeper: one of the five places (design.md §5)
            log.error("a channel could not be polled", channel=channel, exc_info=error)
            failed = CalendarFailed(channel, self.clock.now(), f"unexpected: {type(error).__name__}")
            with contextlib.suppress(Unavailable):
                await self.store.write(lambda tx: self.intake.absorb(tx, failed, channel))
        return timedelta(0)

    async def _poll_once(self, channel: ChannelId, integration: Integration) -> timedelta | None:
        """None when the source was reached, else how long it wants to be left alone.

        What is tried again is waited for: it may be the list of everything, and what changed since would overtake it.
        """
        if await self.store.read(lambda tx: mail.tried_again(tx, channel)):
            return timedelta(0)
        cursor = await self.store.read(lambda tx: mail.cursor_of(tx, channel))
        try:
            async for delivery in integration.fetch(cursor):
                if delivery.body:
                    await self.accept(delivery)
                else:
                    await self._nothing_new(delivery, await integration.parse(delivery), cursor)
                cursor = delivery.cursor or cursor
        except Disappointment as error:
            failed = CalendarFailed(channel, self.clock.now(), str(error))
            await self.store.write(lambda tx: self.intake.absorb(tx, failed, channel))
            return (
                error.wait
                if isinstance(error, Unavailable)
                else timedelta(hours=1 if isinstance(error, Rejected) else 0)
            )
        return None

    async def _nothing_new(self, delivery: Delivery, facts: Iterable[Fact], cursor: str | None) -> None:
        """The source said what it said last time: worth a write only if a missing stay is being counted, or now and then."""
        if delivery.cursor not in (None, cursor):
            await self.store.write(lambda tx: self._moved_on(tx, delivery))
        unchanged = [fact for fact in facts if isinstance(fact, CalendarRead)]
        if not unchanged:
            return

        def matters(tx: Tx) -> bool:
            if mail.unread(tx, delivery.channel):
                # "As last time" must not overtake what was said last time: that would then be taken for older word.
                return False
            state = ledger.channel_state_of(tx, delivery.channel)
            fresh = state is not None and state.good_at is not None and delivery.received_at - state.good_at < QUIET
            well = state is not None and state.failing_since is None
            return (
                not (fresh and well)
                or hearing.is_asked(tx, delivery.channel)
                or (unchanged[0].complete and ledger.any_missing(tx, delivery.channel, self.clock.now()))
            )

        def take(tx: Tx, so_far: readings.SoFar | None) -> readings.SoFar | None:
            if so_far is None and not matters(tx):
                return None
            return self.intake.absorb_part(tx, unchanged[0], delivery.channel, so_far, PART)

        if await self.store.read(matters):
            so_far = await self.store.write(lambda tx: take(tx, None))
            while so_far is not None:
                so_far = await self.store.write(lambda tx, far=so_far: take(tx, far))  # type: ignore[misc]
