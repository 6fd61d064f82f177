"""`gatehouse push …`, answered by the hub."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hub.commandline import asks
from hub.errors import Rejected
from hub.model.values import ChannelId, Part
from hub.push_commands import COMMANDS
from hub.store import house, pushes
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.pushes import Push, PushState
from tests.simulators.home import FLAT, home, simulate

DESK = ChannelId("guesty")


@pytest.mark.usefixtures("either_database")
def test_bookings_sent_to_an_account_are_listed_and_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as here:
            hub = here.hub
            here.book("a", date(2027, 3, 10), date(2027, 3, 12))
            await here.later(minutes=4)
            stay = await here.stay()

            def furnish(tx: Tx) -> None:
                sealed = house.sealed_settings(DESK, {}, hub.vault)
                house.keep_channel(tx, ChannelRow(DESK, None, "guesty", sealed, Origin.SITE, {"101": FLAT}))
                row = Push(DESK, stay.id, "r1", PushState.FAILED, dict.fromkeys(Part, "a"), 1, attempts=3, error="no")
                told = {**row.wanted, Part.NOTES: "b"}
                pushes.keep(tx, replace(row, told=told, lacks={Part.NOTES: "too long"}))

            await hub.store.write(furnish)
            told = await COMMANDS[asks.Pushes](hub, "me", asks.Pushes(channel="guesty"))
            assert isinstance(told, dict)
            assert (told["on"], told["failed"]) == (False, 1)
            assert isinstance(told["bookings"], list)
            (line,) = told["bookings"]
            assert isinstance(line, dict)
            assert (line["lacks"], line["error"]) == (["notes"], "Not all of it: the notes (too long)")
            again = asks.PushAgain(channel="guesty")
            assert await COMMANDS[asks.PushAgain](hub, "me", again) == 1
            with pytest.raises(Rejected):
                await COMMANDS[asks.PushAgain](hub, "me", asks.PushAgain(channel="guesty", stay=stay.id, real=True))
            with pytest.raises(Rejected):
                await COMMANDS[asks.Pushes](hub, "me", asks.Pushes(channel="nobody"))

    simulate(main())
