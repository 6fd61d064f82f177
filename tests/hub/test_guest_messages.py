"""Words to a guest through the channel that they booked by: handed over once, and nothing in doubt is sent again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub import guests, letters
from hub.contracts import Integration, Performer
from hub.errors import Rejected
from hub.guest_messages import LONGEST, Message, Way
from hub.health import findings
from hub.model.effects import Effect, MessageGuest
from hub.model.values import StayStatus
from hub.store import guest_messages as rows
from hub.store import house as house_rows
from hub.store import log, mail
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow
from hub.store.tables import guest_messages, outbox
from tests.simulators.home import FLAT, Home, home, simulate
from tests.simulators.managers.all import MANAGERS, Double
from tests.simulators.managers.desk import Desk, reply
from tests.simulators.managers.plugged import DESK, plugged

BY = "account:Robin"
WORDS = "The key to the garden lies under the pot."
INSIDE = datetime(2027, 3, 1, 14, 30, tzinfo=UTC)
CARRYING = [each for each in MANAGERS.values() if each.messages]


@pytest.fixture(params=CARRYING, ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


Test = Callable[[Home, Desk, StayRow], Awaitable[None]]


def with_guest(folder: Path, test: Test, manager: str = "guesty", *, silent: bool = False) -> None:
    """Somebody has booked there, and the hub knows it."""

    async def main() -> None:
        async with plugged(folder, MANAGERS[manager], silent=silent) as (house, desk):
            desk.book(1)
            await house.later(minutes=4)
            await test(house, desk, await house.stay())

    simulate(main())


async def write(house: Home, stay: StayRow, text: str = WORDS, once: str = "") -> str:
    hub = house.hub
    return (await hub.store.write(lambda tx: hub.messages.write(tx, stay.id, text, BY, once=once))).id


async def written(house: Home, stay: StayRow) -> list[Message]:
    hub = house.hub
    return await hub.store.read(lambda tx: hub.messages.written(tx, stay.id))


async def only(house: Home, stay: StayRow) -> tuple[MessageState, str]:
    (message,) = await written(house, stay)
    return message.state, message.why


def test_a_message_is_handed_over_once_and_says_when(tmp_path: Path, manager: Double) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await write(house, stay)
        await house.later(minutes=30)
        assert desk.letters == [(1, WORDS)]
        (message,) = await written(house, stay)
        assert (message.state, message.text, message.row.by) == (MessageState.HANDED_OVER, WORDS, BY)
        assert message.row.written_at <= message.row.at < message.row.written_at + timedelta(minutes=1)

    with_guest(tmp_path, test, manager.name)


@pytest.mark.usefixtures("either_database")
def test_a_form_that_is_sent_twice_is_one_message_and_another_text_another(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        first = await write(house, stay, once="form-1")
        assert await write(house, stay, once="form-1") == first
        await write(house, stay, "And the bins go out on Monday.", once="form-1")
        await house.later(minutes=5)
        assert [text for _, text in desk.letters] == [WORDS, "And the bins go out on Monday."]

    with_guest(tmp_path, test)


def test_what_is_refused_waits_for_a_person_who_has_it_sent_again(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        desk.refuses = 422
        id_ = await write(house, stay)
        await house.later(minutes=30)
        state, why = await only(house, stay)
        assert state is MessageState.REFUSED
        assert "does not take it as it is (422)" in why
        hub = house.hub
        assert [each.about for each in await hub.store.read(mail.dead)] == ["write_to_guest"]
        found = await hub.store.read(lambda tx: list(findings(tx, hub)))
        assert any(each.sentence.startswith("A message to a guest was not sent, or may") for each in found)
        desk.refuses = 0
        await hub.store.write(lambda tx: hub.messages.send_again(tx, stay.id, id_, BY))
        await house.later(minutes=5)
        assert desk.letters == [(1, WORDS)]
        assert (await only(house, stay))[0] is MessageState.HANDED_OVER
        assert await hub.store.read(mail.dead) == []

    with_guest(tmp_path, test)


def test_what_was_certainly_not_sent_is_tried_again_by_itself(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        desk.faults = [reply({}, 429, Retry_After="60")]
        await write(house, stay)
        await house.later(seconds=10)
        state, why = await only(house, stay)
        assert (state, bool(why)) == (MessageState.WAITING, True)
        await house.later(minutes=10)
        assert desk.letters == [(1, WORDS)]

    with_guest(tmp_path, test)


def test_a_fault_while_the_conversation_is_looked_up_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        desk.faults = [reply({}, 500)]  # Guesty's conversation is looked for first
        await write(house, stay)
        await house.later(minutes=10)
        assert desk.letters == [(1, WORDS)]

    with_guest(tmp_path, test)


def test_a_lost_answer_is_never_made_good_by_a_second_message(tmp_path: Path, manager: Double) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        desk.lost = 1
        id_ = await write(house, stay)
        await house.later(hours=3)
        assert desk.letters == [(1, WORDS)], "it had arrived"
        assert (await only(house, stay))[0] is MessageState.UNKNOWN
        hub = house.hub
        (dead,) = await hub.store.read(mail.dead)
        assert "nobody knows whether it arrived" in dead.why
        await hub.store.write(lambda tx: mail.hasten(tx, "message:", hub.wall.now()))  # “Try again” on the Health page
        await house.later(minutes=5)
        assert len(desk.letters) == 1, "that alone is not a person's word on this message"
        await hub.store.write(lambda tx: hub.messages.send_again(tx, stay.id, id_, BY))
        await house.later(minutes=5)
        assert len(desk.letters) == 2

    with_guest(tmp_path, test, manager.name)


def test_a_hub_that_falls_while_a_message_leaves_asks_a_person(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub

        def written_and_fell(tx: Any) -> None:
            """As the database was at the moment of the fall."""
            row = hub.messages.write(tx, stay.id, WORDS, BY)
            rows.keep(tx, replace(row, state=MessageState.SENDING))

        await hub.store.write(written_and_fell)
        await house.later(minutes=10)
        assert desk.letters == []
        assert await only(house, stay) == (MessageState.UNKNOWN, "the hub was cut off while it was being handed over")

    with_guest(tmp_path, test)


class Deaf(Integration):
    """Takes what it is told, and never answers."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def _hear(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, MessageGuest)
        self.told.append(effect.text)
        await asyncio.Event().wait()

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {MessageGuest: self._hear}


def test_a_channel_that_never_answers_is_told_once(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        deaf = Deaf()
        house.hub.plugins.add_channel(DESK, deaf)
        await write(house, stay)
        await house.later(hours=2)
        assert deaf.told == [WORDS]
        assert (await only(house, stay))[0] is MessageState.UNKNOWN

    with_guest(tmp_path, test)


def test_a_damaged_message_is_shown_as_one_and_sent_to_nobody(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        id_ = await write(house, stay)
        damage = update(guest_messages).where(guest_messages.c.id == id_).values(text=b"\x01nonsense")
        await house.hub.store.write(lambda tx: tx.sql.execute(damage))
        await house.later(minutes=30)
        (message,) = await written(house, stay)
        assert (message.state, desk.letters) == (MessageState.REFUSED, [])
        assert "cannot be opened any more" in message.text
        assert "cannot be opened any more" in message.why

    with_guest(tmp_path, test)


def test_a_message_that_waits_can_be_held_back_and_one_that_left_cannot(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub
        gone = await write(house, stay)
        await house.later(minutes=1)
        with pytest.raises(Rejected, match="cannot be held back"):
            await hub.store.write(lambda tx: hub.messages.let_go(tx, stay.id, gone, BY))

        def two_at_once(tx: Any) -> None:
            id_ = hub.messages.write(tx, stay.id, "Dinner is at eight.", BY).id
            hub.messages.let_go(tx, stay.id, id_, BY)

        await hub.store.write(two_at_once)
        await house.later(minutes=10)
        assert len(desk.letters) == 1
        assert [each.state for each in await written(house, stay)] == [MessageState.LET_GO, MessageState.HANDED_OVER]

    with_guest(tmp_path, test)


@pytest.mark.parametrize(
    ("was", "seen"), [(MessageState.WAITING, MessageState.REFUSED), (MessageState.SENDING, MessageState.UNKNOWN)]
)
def test_a_message_whose_promise_was_let_go_does_not_seem_to_be_on_its_way(
    tmp_path: Path, was: MessageState, seen: MessageState
) -> None:
    """On the Health page, after it was tried for a day."""

    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub

        def given_up_and_let_go(tx: Any) -> str:
            row = hub.messages.write(tx, stay.id, WORDS, BY)
            rows.keep(tx, replace(row, state=was))
            tx.sql.execute(update(outbox).where(outbox.c.key == row.promise).values(state=mail.DEAD, why="it is shut"))
            (dead,) = mail.dead(tx)
            letters.dismiss(tx, dead, BY, hub.clock.now())
            return row.id

        id_ = await hub.store.write(given_up_and_let_go)
        await house.later(minutes=5)
        assert await only(house, stay) == (seen, "it is not tried any more")
        await hub.store.write(lambda tx: hub.messages.send_again(tx, stay.id, id_, BY))
        await house.later(minutes=5)
        assert desk.letters == [(1, WORDS)]

    with_guest(tmp_path, test)


# ---- the code -------------------------------------------------------------------------------------------------------


def test_the_code_is_filled_in_when_the_message_leaves_and_stands_nowhere_else(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.until(INSIDE)
        pin = await house.digits()
        await write(house, stay, "Your code is {code}.")
        await house.later(minutes=2)
        assert desk.letters == [(1, f"Your code is {pin}.")]
        (message,) = await written(house, stay)
        assert message.text == "Your code is {code}."

        def dump(tx: Any) -> str:
            tables = ("outbox", "guest_messages", "audit", "stays")
            return repr([tx.sql.exec_driver_sql(f"SELECT * FROM {name}").all() for name in tables])  # noqa: S608

        hub = house.hub
        kept = await hub.store.read(dump)
        assert pin not in kept
        assert WORDS not in kept
        deeds = [deed.action for deed in await hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay.id}"))]
        assert deeds.count("code told") == 1

    with_guest(tmp_path, test)


def test_a_code_that_does_not_leave_is_not_said_to_have_been_told(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.until(INSIDE)
        hub = house.hub

        def too_late(tx: Any) -> None:
            """The channel stops carrying messages just then."""
            hub.messages.write(tx, stay.id, "Your code is {code}.", BY)
            hub.plugins.add_channel(DESK, Integration())

        await hub.store.write(too_late)
        await house.later(minutes=2)
        assert (await only(house, stay))[0] is MessageState.REFUSED
        deeds = [deed.action for deed in await hub.store.read(lambda tx: log.deeds(tx, f"stay:{stay.id}"))]
        assert "code told" not in deeds

    with_guest(tmp_path, test)


def test_digits_of_the_code_are_not_written_by_hand(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        pin = await house.digits()
        for text in (f"Type {pin} at the door.", f"Type {pin[:2]} {pin[2:]} at the door."):
            with pytest.raises(Rejected, match=r"write \{code\} where") as refusal:
                await write(house, stay, text)
            assert pin not in str(refusal.value)
        await write(house, stay, f"Call 030{pin}9 from the gate.")  # a longer number is another

    with_guest(tmp_path, test)


def test_a_code_that_may_not_be_told_yet_is_not_promised(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        house.lock("front").silent = True
        await house.until(INSIDE)
        with pytest.raises(Rejected, match="may not be told the code yet"):
            await write(house, stay, "Your code is {code}.")

    with_guest(tmp_path, test, silent=True)


def test_words_that_grow_too_long_with_the_code_are_not_promised(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["guesty"]) as (house, desk):
            hub = house.hub
            place = await hub.store.read(lambda tx: house_rows.property_of(tx, FLAT))
            assert place is not None
            await hub.store.write(lambda tx: house_rows.keep_property(tx, replace(place, digits=8)))
            desk.book(1)
            await house.until(INSIDE)
            stay, pin = await house.stay(), await house.digits()
            assert len(pin) > len("{code}")
            with pytest.raises(Rejected, match="more than 2000 characters: shorten it"):
                await write(house, stay, "x" * (LONGEST - len("{code}")) + "{code}")
            assert await written(house, stay) == []
            await write(house, stay, "x" * (LONGEST - len(pin)) + "{code}")
            await house.later(minutes=2)
            assert desk.letters == [(1, "x" * (LONGEST - len(pin)) + pin)]

    simulate(main())


# ---- who can be written to ------------------------------------------------------------------------------------------


async def _way(house: Home, stay: StayRow) -> Way:
    hub = house.hub
    return (await hub.store.read(lambda tx: hub.messages.ways(tx, stay))).way


def test_where_no_message_can_be_carried_it_is_said_why(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        assert await _way(house, stay) is Way.CANNOT
        with pytest.raises(Rejected, match="takes no messages from a program: write there by hand"):
            await write(house, stay)
        house.hub.plugins.unplug_channel(DESK)
        assert await _way(house, stay) is Way.OFF

    with_guest(tmp_path, test, "ownerrez")


def test_a_calendar_carries_no_messages(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", INSIDE.date(), INSIDE.date() + timedelta(days=2))
            await house.later(minutes=4)
            stay = await house.stay()
            assert await _way(house, stay) is Way.CALENDAR
            with pytest.raises(Rejected, match="is a calendar, which carries no messages"):
                await write(house, stay)

    simulate(main())


def test_an_empty_or_endless_message_is_not_taken(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        for text, why in ((" \n ", "what the guest is to read"), ("x" * (LONGEST + 1), "at most 2000 characters")):
            with pytest.raises(Rejected, match=why):
                await write(house, stay, text)
        await write(house, stay, "x" * LONGEST)

    with_guest(tmp_path, test)


# ---- the guest's rights ---------------------------------------------------------------------------------------------


def test_messages_are_told_and_erased_with_the_guest(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub
        await write(house, stay)
        await house.later(minutes=2)
        told = await hub.store.write(lambda tx: guests.export(tx, hub.desk, stay.id, BY))
        (message,) = told["messages"]
        assert (message["text"], message["state"], message["channel"]) == (WORDS, "handed_over", DESK)
        assert not any(WORDS in each["detail"] for each in told["audit_trail"])
        desk.refuses = 422
        await write(house, stay, "The second one.")
        await house.later(minutes=2)
        await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, stay.id, BY))
        await house.later(minutes=30)
        assert (await house.stays())[0].status is StayStatus.CANCELLED
        await hub.store.write(lambda tx: guests.erase(tx, hub.desk, stay.id, stay.id, BY))
        assert await hub.store.read(lambda tx: rows.of_stay(tx, stay.id)) == []
        assert await hub.store.read(mail.dead) == [], "what was given up is of nobody any more"

    with_guest(tmp_path, test)
