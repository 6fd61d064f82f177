"""What a person writes to a guest goes through the channel that the guest booked by, or by e-mail: handed over once, or a person
is told.

No channel takes a key by which it would know a message again, so nothing is sent a second time that may have been sent: before
it leaves it is marked as leaving, and whoever finds it so marked knows that its end was lost. The guest's code has no place in
the words; `{code}` stands for it, and is filled in under the rule for messages when they leave. By what the guest is told
their code without anybody (hub/guests_told.py) goes the same way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from hub import backup_codes, contacts, guest_page, guest_text
from hub.contracts import Clock, Performer
from hub.contracts.accounts import Account
from hub.errors import Disappointment, Misconfigured, Rejected, Unavailable
from hub.io.vault import NOT_OPENED
from hub.issuing import Desk, opened
from hub.model.effects import Effect, MessageGuest, SendEmail, WriteToGuest
from hub.model.values import CODED, ChannelId, LockId, StayId, clean_lines
from hub.plugins import Plugins
from hub.store import codes, door_codes, guest_messages, house, log, mail
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.engine import Store, Tx
from hub.store.guest_messages import MessageRow, MessageState
from hub.store.stays import StayRow

LONGEST: Final = 2000
"""Characters. Our own guess: no account documents how long a message may be, and this is a page of text."""
CODE: Final = "{code}"
LINK: Final = "{link}"
"""In what the hub itself writes: the guest's page."""
MAIL: Final = ChannelId("the mail server")
"""The way to a guest whose e-mail address is known. No channel has a name with spaces."""
TOLD: Final = "told:"
"""How the book that no restore takes back (hub/io/tagbook.py) calls a code whose digits have left."""
_UNSURE: Final = (
    "nobody knows whether it arrived: look in the channel itself before you send it again on the stay's page"
)
_DAMAGED: Final = "what was written cannot be opened any more"


class Way(Enum):
    """Whether a stay's guest can be written to from here."""

    OPEN = "open"
    NOBODY = "nobody"
    """No channel tells of the stay as of a booking: it was added here, or nights were closed for an owner there."""
    CALENDAR = "calendar"
    OFF = "off"
    CANNOT = "cannot"
    """The service takes no messages from a program."""
    NO_GUEST = "no_guest"


@dataclass(frozen=True, slots=True)
class Ways:
    way: Way
    channels: tuple[ChannelId, ...]
    """By which the guest can be reached; else those that tell of the stay and cannot do it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One, as people see it."""

    row: MessageRow
    text: str
    state: MessageState
    why: str


@dataclass(frozen=True, slots=True)
class GuestMessages:
    store: Store
    desk: Desk
    wall: Clock
    plugins: Plugins
    public_url: str | None = None
    """Where guests reach their pages."""

    # ---- looking ----

    def ways(self, tx: Tx, stay: StayRow) -> Ways:
        if stay.kind not in CODED:
            return Ways(Way.NO_GUEST, ())
        names = door_codes.platforms_of(tx, stay.id)
        can = [each for each in names if self._performer(each) and door_codes.booking_of(tx, each, stay.id)]
        can += [MAIL] if self._performer(MAIL) and self._address(stay) else []
        if can:
            return Ways(Way.OPEN, tuple(can))
        if not names:
            return Ways(Way.NOBODY, ())
        accounts = [each for each in names if isinstance(self.plugins.integration(each), Account)]
        if accounts:
            return Ways(Way.CANNOT, tuple(accounts))
        off = [each for each in names if self.plugins.integration(each) is None]
        return Ways(Way.OFF, tuple(off)) if off else Ways(Way.CALENDAR, tuple(names))

    def _address(self, stay: StayRow) -> str:
        try:
            return contacts.opened(self.desk.vault, stay).get("email", "")
        except NOT_OPENED:
            return ""  # nobody can write there, nor can a person see it

    def _performer(self, channel: ChannelId) -> Performer | None:
        if channel == MAIL:
            return self.plugins.performer(SendEmail)
        integration = self.plugins.integration(channel)
        return None if integration is None else integration.perform.get(MessageGuest)

    def written(self, tx: Tx, id_: StayId, *, by_hand: bool = False) -> list[Message]:
        """The latest first. `by_hand`: with what only says that a person told the guest."""
        rows = guest_messages.of_stay(tx, id_)
        return [self._seen(tx, row) for row in rows if by_hand or row.tells != "hand"]

    def _seen(self, tx: Tx, row: MessageRow) -> Message:
        text, state, why = self._text(row) or f"({_DAMAGED})", row.state, row.why
        if state in (MessageState.WAITING, MessageState.SENDING) and not mail.waits(tx, row.promise):
            # It was tried for a day; and then, perhaps, somebody let the promise go on the page Health.
            state = MessageState.REFUSED if state is MessageState.WAITING else MessageState.UNKNOWN
            why = mail.given_up(tx, row.promise) or why or "it is not tried any more"
        return Message(row, text, state, why)

    def _text(self, row: MessageRow) -> str:
        """Empty: it does not open; the page of the stay goes on without it."""
        try:
            return self.desk.vault.open(row.text, about=row.about).decode()
        except NOT_OPENED:
            return ""

    # ---- people ----

    def write(
        self, tx: Tx, id_: StayId, text: str, actor: str, *, channel: ChannelId | None = None, once: str = ""
    ) -> MessageRow:
        """Kept, and promised to be handed over.

        Args:
            channel: one of those that reach the guest; None: the first.
            once: what is sent again with the same text and the same word here is the same message.

        Raises Rejected, with the way out.
        """
        stay = ledger.stay(tx, id_)
        if stay is None:
            raise Rejected(f"there is no stay “{id_}”")
        said = self._allowed(tx, stay, text)
        digest = hashlib.sha256(f"{once}\n{said}".encode()).hexdigest()[:32] if once else tx.new_id(self.desk.now())
        known = next((row for row in guest_messages.of_stay(tx, id_) if row.once == digest), None)
        if known is not None:
            return known
        to, now, new = self._to(tx, stay, channel), self.desk.now(), tx.new_id(self.desk.now())
        return self.keep(tx, MessageRow(new, id_, to, b"", actor, now, MessageState.WAITING, now, once=digest), said)

    def keep(self, tx: Tx, row: MessageRow, text: str) -> MessageRow:
        """A new one, promised to be handed over where it waits for that."""
        row = replace(row, text=self.desk.vault.seal(text.encode(), about=row.about))
        guest_messages.keep(tx, row)
        if row.state is MessageState.WAITING:
            self._promise(tx, row)
        # The words are not written down a second time: they are about a person, and the trail is kept for ever.
        action = "guest told by hand" if row.tells == "hand" else "message written"
        log.record(tx, row.at, row.by, action, f"stay:{row.stay_id}", detail=row.channel_id)
        return row

    def _to(self, tx: Tx, stay: StayRow, channel: ChannelId | None) -> ChannelId:
        ways = self.ways(tx, stay)
        if ways.way is not Way.OPEN:
            raise Rejected(said_of(ways))
        if channel is not None and channel not in ways.channels:
            raise Rejected(f"“{channel}” does not reach this guest; {' or '.join(ways.channels)} does")
        return channel or ways.channels[0]

    def _allowed(self, tx: Tx, stay: StayRow, text: str) -> str:
        said = clean_lines(text, limit=len(text) + 1)
        if not said:
            raise Rejected("write what the guest is to read")
        if len(said) > LONGEST:
            raise Rejected(f"a message has at most {LONGEST} characters, and this one has {len(said)}")
        bare = re.sub(r"(?<=\d)[ .-](?=\d)", "", said)
        pins = {opened(self.desk, entry).reveal() for entry in codes.issued_for(tx, stay.id)}
        pins |= {
            opened(self.desk, each).reveal() for each in backup_codes.told_by_door(tx, stay, self.desk.now()).values()
        }
        if any(re.search(rf"(?<!\d){pin}(?!\d)", each) for pin in pins for each in (said, bare)):
            raise Rejected(f"write {CODE} where the guest's code is to stand: it is filled in when the message leaves")
        self._filled(tx, stay, said)
        return said

    def _promise(self, tx: Tx, row: MessageRow) -> None:
        mail.overtake(tx, row.promises, self.wall.now())
        effect = WriteToGuest(row.channel_id, row.stay_id, row.id)
        mail.promise(tx, effect, key=row.promise, lane=f"channel:{row.channel_id}", due=self.wall.now())

    def send_again(self, tx: Tx, id_: StayId, message: str, actor: str) -> None:
        """A person says so, of one that was not sent or may not have been. Raises Rejected."""
        seen = self._one(tx, id_, message)
        if seen.state not in (MessageState.REFUSED, MessageState.UNKNOWN):
            raise Rejected("this message does not wait for anybody: it is sent by itself, or was")
        now = self.desk.now()
        row = replace(seen.row, state=MessageState.WAITING, at=now, why="", asked=seen.row.asked + 1)
        guest_messages.keep(tx, row)
        self._promise(tx, row)
        log.record(tx, now, actor, "message sent again", f"stay:{id_}", detail=row.channel_id)

    def let_go(self, tx: Tx, id_: StayId, message: str, actor: str) -> None:
        """It is not to be sent, or not again. Raises Rejected where it leaves just now, or has left."""
        seen = self._one(tx, id_, message)
        if seen.state in (MessageState.SENDING, MessageState.HANDED_OVER, MessageState.LET_GO):
            raise Rejected("it cannot be held back: it leaves just now, has left, or was let go already")
        now = self.desk.now()
        unknown = seen.state is MessageState.UNKNOWN
        after = replace(seen.row, state=MessageState.UNKNOWN if unknown else MessageState.LET_GO, at=now, why="")
        guest_messages.keep(tx, after)
        mail.overtake(tx, after.promises, self.wall.now())
        log.record(tx, now, actor, "message let go", f"stay:{id_}", detail=after.channel_id)

    def _one(self, tx: Tx, id_: StayId, message: str) -> Message:
        row = guest_messages.one(tx, id_, message)
        if row is None:
            raise Rejected("there is no such message")
        return self._seen(tx, row)

    # ---- keeping the promise ----

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable where it was certainly not sent and is tried again; Rejected where a person has to look."""
        assert isinstance(effect, WriteToGuest)
        performer = self._performer(effect.channel)
        if effect.channel == MAIL and performer is None:
            raise Unavailable("no service that sends e-mail is set up", untouched=True)
        if effect.channel != MAIL and self.plugins.integration(effect.channel) is None:
            raise Unavailable(f"the channel “{effect.channel}” is switched off", untouched=True)
        order = await self.store.write(lambda tx: self._order(tx, effect, can=performer is not None))
        if isinstance(order, str):
            await self._left_to_a_person(effect, Rejected(order))
            return
        if order is None or performer is None:
            return
        try:
            await performer(order, key)
        except (Rejected, Misconfigured) as error:
            await self._became(effect, MessageState.REFUSED, str(error))
            await self._left_to_a_person(effect, error)
            return
        except Disappointment as error:
            if isinstance(error, Unavailable) and error.untouched:
                await self._became(effect, MessageState.WAITING, str(error))
                raise
            await self._became(effect, MessageState.UNKNOWN, str(error))
            await self._left_to_a_person(effect, Rejected(f"{error}; {_UNSURE}"))
            return
        await self._became(effect, MessageState.HANDED_OVER, "")

    async def _left_to_a_person(self, effect: WriteToGuest, error: Disappointment) -> None:
        """Raises it. That a guest was not told their code is said in other words (hub/guests_told.py)."""
        row = await self.store.read(lambda tx: guest_messages.one(tx, effect.stay, effect.message))
        if row is None or not row.tells:
            raise error

    def _order(self, tx: Tx, effect: WriteToGuest, *, can: bool) -> MessageGuest | SendEmail | str | None:
        """What is to be sent, marked as leaving; or why it is not; None: nothing any more."""
        stay, row = ledger.stay(tx, effect.stay), guest_messages.one(tx, effect.stay, effect.message)
        if stay is None or row is None or row.state in (MessageState.HANDED_OVER, MessageState.LET_GO):
            return None
        if row.state in (MessageState.SENDING, MessageState.UNKNOWN):
            if row.state is MessageState.SENDING:
                self._note(tx, row, MessageState.UNKNOWN, "the hub was cut off while it was being handed over")
            return _UNSURE
        if row.tells and row.grants != door_codes.written({each.grant.id for each in self.told(tx, stay).values()}):
            # It is otherwise by now: what is told instead is worked out anew.
            guest_messages.keep(tx, replace(row, state=MessageState.LET_GO, at=self.desk.now(), grants=""))
            return None
        mail_ = effect.channel == MAIL
        to = self._address(stay) if mail_ else door_codes.booking_of(tx, effect.channel, stay.id)
        why = "" if can and to else f"“{effect.channel}” does not carry messages to this guest any more"
        words, text = self._text(row), ""
        why = why or ("" if words else _DAMAGED)
        try:
            if not why:
                text = self._filled(tx, stay, words, by=_by(effect.channel))
                text = self._linked(tx, stay, text, row)
        except Rejected as error:
            why = str(error)
        if why or to is None:
            self._note(tx, row, MessageState.REFUSED, why)
            return why
        guest_messages.keep(tx, replace(row, state=MessageState.SENDING, at=self.desk.now(), why=""))
        if row.tells == "code":
            tx.ends.update({f"{TOLD}{each}": self.desk.now() for each in row.grants.split()})
        unit = house.unit_with(tx, stay.unit_id)
        subject = f"Your stay: {stay.unit_id if unit is None else unit.name}"
        return SendEmail(to, subject, text) if mail_ else MessageGuest(to, text, subject)

    def told(self, tx: Tx, stay: StayRow) -> dict[LockId, Issued]:
        """Whose digits the guest may be told now, by door; nobody's where one of them is not to be told."""
        if not guest_page.has_page(tx, stay, self.desk):
            return {}
        page, entries = (
            guest_page.look(tx, self.desk, stay, None),
            backup_codes.told_by_door(tx, stay, self.desk.now()),
        )
        return entries if page.told and page.told >= entries.keys() else {}

    def _linked(self, tx: Tx, stay: StayRow, text: str, row: MessageRow) -> str:
        if row.tells != "link":
            return text
        if self.public_url is None:
            raise Rejected("guests have no page any more: no public_url is set in gatehouse.toml")
        token = guest_page.token_of(tx, self.desk, stay.id, _by(row.channel_id))
        return text.replace(LINK, guest_page.address(self.public_url, token).reveal())

    def _filled(self, tx: Tx, stay: StayRow, text: str, by: str = "") -> str:
        """`by`: the digits leave with them, which is written down.

        Raises Rejected where the guest may not be told the code, or the words grow too long with it.
        """
        if CODE not in text:
            return text
        if not guest_page.has_page(tx, stay, self.desk):
            raise Rejected(f"{CODE} stands for a code that the guest does not have")
        page = guest_page.look(tx, self.desk, stay, None)
        told = backup_codes.told_by_door(tx, stay, self.desk.now())
        if not page.told or not page.told >= told.keys():
            raise Rejected(f"the guest may not be told the code yet, so leave {CODE} out, or write later")
        pins = guest_text.by_pin(page, {lock: opened(self.desk, entry) for lock, entry in told.items()})
        alone, each = len(pins) == 1, [f"{pin.reveal()} for {' and '.join(names)}" for pin, names in pins]
        filled = text.replace(CODE, pins[0][0].reveal() if alone else ", ".join(each))
        if len(filled) > LONGEST:
            raise Rejected(f"with the guest's code for {CODE} it has more than {LONGEST} characters: shorten it")
        if by:
            codes.told(tx, [entry.grant.id for entry in told.values()], self.desk.now())
            log.record(tx, self.desk.now(), by, "code told", f"stay:{stay.id}")
        return filled

    async def _became(self, effect: WriteToGuest, state: MessageState, why: str) -> None:
        def work(tx: Tx) -> None:
            row = guest_messages.one(tx, effect.stay, effect.message)
            if row is not None:
                self._note(tx, row, state, why)

        await self.store.write(work)

    def _note(self, tx: Tx, row: MessageRow, state: MessageState, why: str) -> None:
        now, outcome = self.desk.now(), _OUTCOMES.get(state)
        guest_messages.keep(tx, replace(row, state=state, at=now, why=why))
        if row.tells:
            tx.signal("health")
        if row.tells == "code" and state in (MessageState.WAITING, MessageState.REFUSED):
            tx.ends.update({f"{TOLD}{each}": None for each in row.grants.split()})  # certainly not
        if outcome is not None:
            log.record(tx, now, _by(row.channel_id), "message handed over", f"stay:{row.stay_id}", outcome=outcome)


def _by(channel: ChannelId) -> str:
    return "gatehouse" if channel == MAIL else f"channel:{channel}"


_OUTCOMES: Final = {
    MessageState.HANDED_OVER: "done",
    MessageState.REFUSED: "refused",
    MessageState.UNKNOWN: "unknown",
}


def said_of(ways: Ways) -> str:
    """Why the guest cannot be written to from here, and what to do instead."""
    names = _listed(ways.channels)
    match ways.way:
        case Way.OPEN:
            return f"{names} carries messages to the guest"
        case Way.NO_GUEST:
            return "nobody stays there whom one could write to"
        case Way.NOBODY:
            return "no channel tells of this stay as of a booking, so none can carry a message: write an e-mail or call the guest"
        case Way.CALENDAR:
            return f"{names} is a calendar, which carries no messages: write where the guest booked, or call the guest"
        case Way.OFF:
            return f"{names} is switched off: look at its page under Channels, or write where the guest booked"
        case Way.CANNOT:
            return f"{names} takes no messages from a program: write there by hand, or call the guest"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)
