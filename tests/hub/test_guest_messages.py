"""Words to a guest through the channel that they booked by: handed over once, and nothing in doubt is sent again by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import guests
from hub.errors import Rejected
from hub.guest_messages import LONGEST, Message, Way
from hub.model.effects import WriteToGuest
from hub.model.values import StayStatus
from hub.store import guest_messages as rows
from hub.store import log, mail
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow
from tests.simulators.home import Home, home, simulate
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


def with_guest(folder: Path, test: Test, manager: str = "guesty", **settings: object) -> None:
    """Somebody has booked there, and the hub knows it."""

    async def main() -> None:
        async with plugged(folder, MANAGERS[manager], **settings) as (house, desk):
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
        hub.plugins.unplug_channel(DESK)
        id_ = await write(house, stay)
        await house.later(seconds=5)
        asked = len(desk.asked)

        def fell(tx: Any) -> None:
            row = rows.one(tx, stay.id, id_)
            assert row is not None
            rows.keep(tx, replace(row, state=MessageState.SENDING))

        await hub.store.write(fell)  # what stands in the database at the moment of the fall
        hub.plugins.add_channel(DESK, _Deaf(hub.plugins, desk))
        await house.later(minutes=10)
        assert (len(desk.letters), len(desk.asked)) == (0, asked)
        state, why = await only(house, stay)
        assert (state, why) == (MessageState.UNKNOWN, "the hub was cut off while it was being handed over")

    with_guest(tmp_path, test)
