"""`gatehouse stay message …`, answered by the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.commandline import asks_stays as asks
from hub.errors import Rejected
from hub.message_commands import COMMANDS
from hub.store.stays import StayRow
from tests.hub.test_guest_messages import WORDS, with_guest
from tests.simulators.home import Home
from tests.simulators.managers.desk import Desk
from tests.simulators.managers.plugged import DESK


def test_a_guest_is_written_to_from_the_console(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub
        told = await COMMANDS[asks.StayMessage](hub, "console", asks.StayMessage(stay=stay.id, text=WORDS))
        assert isinstance(told, dict)
        assert (told["channel"], told["state"]) == (DESK, "waiting")
        await house.later(minutes=2)
        listed = await COMMANDS[asks.StayMessages](hub, "console", asks.StayMessages(stay=stay.id))
        assert isinstance(listed, dict)
        assert listed["open"] is True
        assert listed["messages"] == [told | {"state": "handed_over"}]
        assert desk.letters == [(1, WORDS)]
        with pytest.raises(Rejected):
            await COMMANDS[asks.StayMessages](hub, "console", asks.StayMessages(stay="nobody"))

    with_guest(tmp_path, test)


def test_a_question_does_not_repeat_what_is_written() -> None:
    assert WORDS not in repr(asks.StayMessage(stay="1", text=WORDS))
