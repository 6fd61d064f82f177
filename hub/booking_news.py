"""People are told of new, changed and cancelled bookings: what happens within minutes by one message to each of them.

What is to be told is written down with the stay itself (hub/changes.py). Here it is gathered, and promised as a batch in the
transaction that takes it off what waits: repeated looks, duplicates and restarts tell nothing twice. At night only what
begins before the quiet hours are over is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from hub.booking_words import Booking, Reading, Words, words
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Unavailable
from hub.io.vault import Vault
from hub.model.alerts import Way
from hub.model.booking_news import TOO_OLD, News, joined, ripe
from hub.model.diary import Naming
from hub.model.effects import Effect, SendEmail, SendSms, TellBookings
from hub.model.people import PersonKind
from hub.model.values import PropertyId
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import alerts, house, mail, person_feeds, persons
from hub.store import booking_news as rows
from hub.store import stays as ledger
from hub.store.alerts import Sent, Telling
from hub.store.engine import Store, Tx
from hub.store.house import Property
from hub.store.persons import Person
from hub.telling import NO_ADDRESS, Messenger, Quiet, Recipient, readers

logger = structlog.get_logger("bookings told")

SETTLE_S: Final = 1.0
"""What is kept together is looked at together."""

RETRY: Final = timedelta(minutes=1)
"""Until the next look when the store did not answer."""

Waiting = Sequence[tuple[int, News]]


@dataclass(frozen=True, slots=True)
class BookingNews:
    """Gathers what is to be told, and promises it in time."""

    store: Store
    bus: Bus
    clock: Clock
    wall: Clock
    vault: Vault
    plugins: Plugins

    async def run(self) -> None:
        """Until cancelled. At rest it never looks."""
        async with self.bus.listen("stays", "alerts", "clock") as nudges:
            while True:
                await pause(self.clock, await self._kept_looking(), nudges)
                await self.wall.sleep(SETTLE_S)

    async def _kept_looking(self) -> datetime | None:
        try:
            return await self.look()
        except Disappointment as error:
            logger.warning("news of bookings wait for the store", why=str(error))
            return self.clock.now() + RETRY

    async def look(self) -> datetime | None:
        """Promise what is to be told by now, and say when to look again."""
        due = await self.store.read(self._due)
        if due is None or due > self.clock.now():
            return due
        for place, told in (await self.store.read(self._told_now)).items():
            await self.store.write(partial(self._promise, place=place, told=told))
        return await self.store.read(self._due)

    def _due(self, tx: Tx) -> datetime | None:
        """When some of what waits is to be told; looks at no single booking, as there may be thousands."""
        return min(self._ripe(tx).values(), default=None)

    def _ripe(self, tx: Tx) -> dict[PropertyId, datetime]:
        spans = rows.spans(tx)
        if not spans:
            return {}
        quiet, now = Quiet(tx, self.clock), self.clock.now()
        return {place: _when(tx, place, span, quiet.until(place), now) for place, span in spans.items()}

    def _told_now(self, tx: Tx) -> dict[PropertyId, Waiting]:
        now, quiet = self.clock.now(), Quiet(tx, self.clock)
        ripe = [place for place, at in self._ripe(tx).items() if at <= now]
        waiting = rows.waiting(tx)
        return {place: _soon(waiting[place], quiet.until(place)) for place in ripe}

    def _promise(self, tx: Tx, place: PropertyId, told: Waiting) -> None:
        """A message to everybody who wants to be told of that property; nobody is told twice of what was taken before."""
        now = self.clock.now()
        ids, people = [id_ for id_, _ in told], readers(tx, self.vault, place, self.plugins)
        if not people or not joined(news for _, news in told):
            rows.drop(tx, ids)
            return
        batch = tx.new_id(now)
        if not rows.told_together(tx, ids, batch):
            return
        for to in people:
            self._tell(tx, to, place, batch, now)
        tx.signal("alerts:list")

    def _tell(self, tx: Tx, to: Recipient, place: PropertyId, batch: str, now: datetime) -> None:
        for way in sorted(to.ways, key=lambda way: way.value):
            key, person = f"bookings:{batch}:{to.person.id}:{way.value}", to.person
            alerts.tell(tx, Telling(key, None, person.id, person.name, way, alerts.BOOKINGS, now))
            effect = TellBookings(person.id, way.value, place, batch)
            mail.promise(tx, effect, key=key, lane=f"bookings:{way.value}", due=self.wall.now())


def _when(
    tx: Tx, place: PropertyId, span: tuple[datetime, datetime], quiet_until: datetime | None, now: datetime
) -> datetime:
    """From when on some of it is told."""
    if quiet_until is None:
        return ripe(*span, now)
    soon = rows.span_before(tx, place, quiet_until)
    return quiet_until if soon is None else min(ripe(*soon, now), quiet_until)


def _soon(news: Waiting, quiet_until: datetime | None) -> Waiting:
    """In quiet hours, all there is of bookings that it would be too late to hear of when the quiet is over."""
    if quiet_until is None:
        return news
    begins = {each.stay for _, each in news if each.begins < quiet_until}
    return [(id_, each) for id_, each in news if each.stay in begins]


# ---- keeping the promise --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookingTeller:
    """Keeps the promises to tell somebody of bookings."""

    post: Messenger
    clock: Clock

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable. A refusal is kept with the telling."""
        assert isinstance(effect, TellBookings)
        letter = await self.post.store.read(lambda tx: self._letter(tx, effect, key))
        await self.post.deliver(letter, Way(effect.way), key)

    def _letter(self, tx: Tx, effect: TellBookings, key: str) -> SendEmail | SendSms | tuple[Sent, str | None]:
        known, now = alerts.telling(tx, key), self.clock.now()
        if known is not None and known.state is Sent.SENT:
            return Sent.SENT, None
        place, person = house.property_with(tx, effect.property), persons.person(tx, effect.person)
        news = joined(rows.batch(tx, effect.batch))
        if place is None or person is None or person.ended_at is not None:
            return Sent.MOOT, "there is nobody to be told any more"
        if not news:
            return Sent.MOOT, "nothing is left of it"
        if all(each.over(now) for each in news) or known is None or now - known.promised_at > TOO_OLD:
            return Sent.MOOT, "it is old news by now"
        until = Quiet(tx, self.clock).until(place.id)
        if until is not None and not any(each.begins < until for each in news):
            raise Unavailable("it waits for the end of the quiet hours", wait=until - now)
        way = Way(effect.way)
        address = self.post.address(person, way)
        if not address:
            return Sent.REFUSED, NO_ADDRESS[way]
        told = _in_words(tx, place, person, news, now)
        return SendSms(address, told.short) if way is Way.SMS else SendEmail(address, told.subject, told.text)


def _in_words(tx: Tx, place: Property, person: Person, news: Iterable[News], now: datetime) -> Words:
    found = ((each, ledger.stay(tx, each.stay)) for each in news)
    bookings = [Booking(each, stay) for each, stay in found if stay is not None]
    return words(tx, Reading(place, naming_for(tx, person), now), bookings)


def naming_for(tx: Tx, person: Person) -> Naming:
    """Managers read who comes. Everybody else is told what their own calendar tells them; initials, where they have none."""
    if person.kind is PersonKind.MANAGER:
        return Naming.FULL
    own = person_feeds.of_person(tx, person.id)
    return Naming.INITIALS if own is None else own.names
