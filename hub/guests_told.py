"""Guests are told their codes by themselves: some hours before check-in, as the property says, and again when the digits change.

Level-triggered: what a guest was told (hub/store/guest_messages.py) is compared with what is so. A message goes by e-mail where
the stay has an address, else through its channel, by the rules of hub/guest_messages.py: nothing that may have been sent is sent
again by itself. What was told before a restore stands in the book that no restore takes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import guest_page, guest_text, ladder
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Rejected
from hub.findings import Look
from hub.guest_messages import CODE, LINK, MAIL, TOLD, GuestMessages, Message, Way, said_of
from hub.issuing import Desk
from hub.ladder import TRUST_WAIT
from hub.model.alerts import Finding, Kind
from hub.model.effects import SendEmail
from hub.model.guest_told import Present, Telling, due, telling
from hub.model.ladder import Withhold
from hub.model.values import CODED, ChannelId, GrantId, Secret, StayId, StayStatus
from hub.schedule import pause
from hub.store import codes, guest_messages, house, mail, nearby, staying
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.door_codes import written
from hub.store.engine import Tx
from hub.store.guest_messages import MessageRow, MessageState
from hub.store.stays import StayRow

logger = structlog.get_logger("guests told")

BY: Final = "gatehouse"
GATHER_S: Final = 1.0
"""One thing that happens changes several; they are looked at together."""
SOON: Final = timedelta(minutes=1)
"""A code may be told because a lock answered, and nothing says so."""
PATIENCE: Final = timedelta(minutes=30)
"""What has not left for so long is told to somebody who can call the guest."""
_ANOTHER: Final = "there is another code for your stay; please do not use the one that you were told before. "


_ON_ITS_WAY: Final = frozenset({MessageState.WAITING, MessageState.SENDING, MessageState.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class ToldNow:
    """How a stay stands, for people."""

    state: Telling
    channel: ChannelId | None
    """By which they are told, or were; None: by hand, or nothing leads to them."""
    at: datetime | None
    """LATER: when they are; TOLD: when they were."""
    why: str
    """BY_HAND, HELD: why it is so."""
    message: Message | None
    """The last one, as it stands."""

    @property
    def wrong(self) -> bool:
        """It was tried, and a person has to look."""
        return self.message is not None and self.message.state in (MessageState.REFUSED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class GuestTeller:
    messages: GuestMessages
    bus: Bus
    clock: Clock
    book: Callable[[], Mapping[str, datetime]]
    """Of codes that were told, what no restore takes back (hub/io/tagbook.py)."""

    @property
    def desk(self) -> Desk:
        return self.messages.desk

    # ---- working ----

    async def run(self) -> None:
        """Until cancelled. Where every property tells its guests by hand, or nothing could carry a word, it never looks."""
        async with self.bus.listen("stays", "stay:", "house", "channels", "clock") as nudges:
            while True:
                await pause(self.clock, await self._look(), nudges)
                await self.messages.wall.sleep(GATHER_S)

    async def _look(self) -> datetime | None:
        """Promise what is due, and say when to look again."""
        store = self.messages.store
        try:
            due_now, again = await store.read(self._found)
            if due_now:
                await store.write(self._tell_all)
        except Disappointment as error:
            logger.warning("which guests are to be told could not be worked out; it is tried again", why=str(error))
            return self.clock.now() + SOON
        return again

    def _found(self, tx: Tx) -> tuple[list[StayId], datetime | None]:
        """Who is to be told now, and when time alone may change that."""
        now, hours = self.clock.now(), max((row.tell_hours for row in house.properties(tx)), default=0)
        if not hours or not self._carries(tx):
            return [], None
        if not self.clock.trusted:
            return [], now + TRUST_WAIT
        until = now + timedelta(hours=hours)
        beyond = nearby.next_check_in(tx, until)
        edges, found = [] if beyond is None else [beyond - timedelta(hours=hours)], []
        for row in ladder.rows(tx, nearby.near(tx, ladder.span(tx, now).over, until)):
            if self._way(tx, row) is None:
                continue
            is_ = self._present(tx, row)
            state = Telling.BY_HAND if is_ is None else telling(is_, now)
            if state is Telling.NOW:
                found.append(row.id)
            elif state is Telling.HELD:
                edges.append(now + SOON)
            elif is_ is not None and state is Telling.LATER:
                edges.append(due(is_))
        return found, min(edges, default=None)

    def _carries(self, tx: Tx) -> bool:
        """Whether anything does: e-mail, or an account; calendars do not."""
        mail_ = self.messages.plugins.performer(SendEmail) is not None
        return mail_ or any(row.unit is None for row in house.channels(tx))

    def _tell_all(self, tx: Tx) -> None:
        for id_ in self._found(tx)[0]:
            stay = ledger.stay(tx, id_)
            if stay is not None:
                self._tell(tx, stay, BY)

    # ---- where it stands ----

    def _present(self, tx: Tx, stay: StayRow) -> Present | None:
        """None: no guest is sure to come, or they have left."""
        if stay.check_in is None or not guest_page.has_page(tx, stay, self.desk):
            return None
        place, entries = house.property_of(tx, stay.unit_id), self.messages.told(tx, stay)
        known = self._known(tx, stay)
        return Present(
            hours=0 if place is None else place.tell_hours,
            check_in=stay.check_in,
            arrived=stay.arrived_at is not None,
            reached=self._way(tx, stay) is not None,
            open=bool(entries),
            told=known is not None,
            others=known is not None and any(not self._knows(known, each) for each in entries.values()),
        )

    def _way(self, tx: Tx, stay: StayRow) -> ChannelId | None:
        """One that is switched off is one that fails: it comes back, or a person is told."""
        ways = self.messages.ways(tx, stay)
        if ways.way is Way.OFF:
            accounts = (row for each in ways.channels if (row := house.channel_with(tx, each)) is not None)
            return next((row.id for row in accounts if row.unit is None), None)
        if ways.way is not Way.OPEN:
            return None
        return MAIL if MAIL in ways.channels else ways.channels[0]

    def _known(self, tx: Tx, stay: StayRow) -> frozenset[str] | None:
        """Of each code that the guest was told last, its door and tag, and its tag alone; None: nobody told them."""
        last = next(iter(guest_messages.tellings(tx, stay.id)), None)
        ids = set() if last is None else set(last.grants.split())
        ids |= {f"{each.grant.id}" for each in codes.issued_for(tx, stay.id) if f"{TOLD}{each.grant.id}" in self.book()}
        if not ids:
            return None
        told = [entry for each in sorted(ids) if (entry := codes.issued(tx, GrantId(each))) is not None]
        doors = {entry.lock for entry in told}
        return frozenset({f"{each.lock} {each.grant.tag}" for each in told} | {each.grant.tag for each in told} | doors)

    def _knows(self, known: frozenset[str], entry: Issued) -> bool:
        """A door that was added, and opens to digits that the guest has, is no news."""
        return f"{entry.lock} {entry.grant.tag}" in known or (entry.lock not in known and entry.grant.tag in known)

    def stands(self, tx: Tx, stay: StayRow) -> ToldNow | None:
        """None: nobody comes who could be told."""
        is_ = self._present(tx, stay) if stay.kind in CODED else None
        if is_ is None:
            return None
        state, way = telling(is_, self.clock.now()), self._way(tx, stay)
        last = next(iter(self._told(tx, stay)), None)
        if state is Telling.TOLD:
            by_hand = last is not None and last.row.tells == "hand"
            channel = None if last is None or by_hand else last.row.channel_id
            return ToldNow(state, channel, None if last is None else last.row.at, "", last)
        if state is Telling.LATER:
            return ToldNow(state, way, due(is_), "", last)
        return ToldNow(state, way, None, self._why(tx, stay, is_, state), last)

    def _told(self, tx: Tx, stay: StayRow) -> Iterator[Message]:
        counts = {row.id for row in guest_messages.tellings(tx, stay.id)}
        return (each for each in self.messages.written(tx, stay.id, by_hand=True) if each.row.id in counts)

    def _why(self, tx: Tx, stay: StayRow, is_: Present, state: Telling) -> str:
        if state is Telling.HELD:
            gate = guest_page.look(tx, self.desk, stay, None).gate
            return gate.why if isinstance(gate, Withhold) else "a door of the stay has no code that may be told"
        if state is not Telling.BY_HAND:
            return ""
        if not is_.hours:
            return "this property tells its guests by hand"
        if not is_.reached:
            return said_of(self.messages.ways(tx, stay))
        return "the guest came in before they were told" if is_.arrived else "it is too late to begin with it"

    # ---- doing ----

    def _tell(self, tx: Tx, stay: StayRow, actor: str, *, anew: bool = False) -> MessageRow:
        """Raises Rejected: nothing leads to them, or they may not be told yet."""
        entries, way = self.messages.told(tx, stay), self._way(tx, stay)
        if way is None:
            raise Rejected(said_of(self.messages.ways(tx, stay)))
        if not entries:
            gate = guest_page.look(tx, self.desk, stay, None).gate
            why = gate.why if isinstance(gate, Withhold) else "a door of the stay has no code that may be told"
            raise Rejected(f"the guest is not told the code yet: {why}")
        known = None if anew else self._known(tx, stay)
        self._let_go(tx, stay)
        linked = self.messages.public_url is not None
        text = self._words(tx, stay, linked=linked, again=known is not None)
        new, now = tx.new_id(self.desk.now()), self.desk.now()
        grants = written([entry.grant.id for entry in entries.values()])
        tells = "link" if linked else "code"
        waits = MessageState.WAITING
        row = MessageRow(new, stay.id, way, b"", actor, now, waits, now, once=new, tells=tells, grants=grants)
        tx.signal("health")
        return self.messages.keep(tx, row, text)

    def _let_go(self, tx: Tx, stay: StayRow) -> None:
        """What was to be told before, and has not left."""
        for row in guest_messages.tellings(tx, stay.id):
            if row.state in (MessageState.WAITING, MessageState.REFUSED):
                guest_messages.keep(tx, replace(row, state=MessageState.LET_GO, at=self.desk.now(), grants=""))

    def _words(self, tx: Tx, stay: StayRow, *, linked: bool, again: bool) -> str:
        page = guest_page.look(tx, self.desk, stay, None)
        if linked:
            return guest_text.with_link(page, Secret(LINK), _ANOTHER if again else "")
        return guest_text.with_place_for_code(page, CODE, _ANOTHER if again else "")

    # ---- people ----

    def tell(self, tx: Tx, id_: StayId, actor: str) -> MessageRow:
        """Now, or again, whatever the property says. Raises Rejected, with the way out."""
        stay = self._there(tx, id_)
        now = self.desk.now()
        last = next(iter(guest_messages.tellings(tx, id_)), None)
        if last is not None and last.state in _ON_ITS_WAY and last.tells != "hand" and last.at > now - SOON:
            return last  # pressed twice
        return self._tell(tx, stay, actor, anew=True)

    def told_by_hand(self, tx: Tx, id_: StayId, actor: str) -> MessageRow:
        """A person did. Nothing is sent by itself until the digits are others. Raises Rejected."""
        stay = self._there(tx, id_)
        entries = codes.issued_for(tx, id_)
        if not entries:
            raise Rejected("this stay has no code")
        self._let_go(tx, stay)
        new, now = tx.new_id(self.desk.now()), self.desk.now()
        grants = written({entry.grant.id for entry in [*entries, *self.messages.told(tx, stay).values()]})
        hand = ChannelId("by hand")
        row = MessageRow(
            new, id_, hand, b"", actor, now, MessageState.HANDED_OVER, now, once=new, tells="hand", grants=grants
        )
        tx.signal("health")
        return self.messages.keep(tx, row, "Told by hand.")

    def _there(self, tx: Tx, id_: StayId) -> StayRow:
        stay = ledger.stay(tx, id_)
        if stay is None or not guest_page.has_page(tx, stay, self.desk):
            raise Rejected("no guest is sure to come, or they have left")
        return stay


def tidy(tx: Tx, book: Mapping[str, datetime]) -> None:
    """Of codes that are gone nobody has to know any more that they were told."""
    for name in book:
        if name.startswith(TOLD) and _gone(codes.issued(tx, GrantId(name.removeprefix(TOLD)))):
            tx.ends[name] = None


def _gone(entry: Issued | None) -> bool:
    return entry is None or entry.sealed_pin is None


# ---- what is told ---------------------------------------------------------------------------------------------------

_CURE: Final = "Tell the guest yourself: what to tell is on the stay's page. Then press “I told the guest” there."


def found(look: Look) -> Iterator[Finding]:
    """Guests who were to be told their code, and were not, or perhaps not."""
    for row in guest_messages.untold(look.tx):
        stay = ledger.stay(look.tx, row.stay_id)
        last = next(iter(guest_messages.tellings(look.tx, row.stay_id)), None)
        if stay is None or last is None or last.id != row.id or not _still_waits(look, stay):
            continue
        sentence = _sentence(look, row, stay.guest or stay.reference or "A guest")
        if sentence:
            yield Finding(Kind.GUEST_UNTOLD, f"stay:{stay.id}", sentence, _CURE, row.written_at)


def _still_waits(look: Look, stay: StayRow) -> bool:
    end = staying.ends(look.tx, stay)
    over = look.clock.trusted and end is not None and look.reached(end)
    return stay.status is StayStatus.CONFIRMED and stay.left_at is None and stay.arrived_at is None and not over


def _sentence(look: Look, row: MessageRow, whose: str) -> str:
    tried = row.state in (MessageState.WAITING, MessageState.SENDING) and mail.waits(look.tx, row.promise)
    if tried:
        late = look.reached(row.written_at + PATIENCE)
        why = f": {row.why}" if row.why else ""
        return f"{whose} could not be told the code yet, by {row.channel_id}{why}." if late else ""
    why = mail.given_up(look.tx, row.promise) or row.why or "it is not tried any more"
    if row.state in (MessageState.REFUSED, MessageState.WAITING):
        return f"{whose} was not told the code, by {row.channel_id}: {why}."
    return f"Nobody knows whether {whose} was told the code, by {row.channel_id}: {why}."
