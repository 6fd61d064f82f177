"""`gatehouse letter …`, answered by the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.commandline import asks
from hub.errors import Rejected
from hub.letter_commands import COMMANDS
from hub.store import mail
from hub.store.engine import Tx
from tests.simulators.home import FEED, home, simulate


@pytest.mark.usefixtures("either_database")
def test_what_was_given_up_on_is_listed_tried_again_and_let_go(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as here:
            hub = here.hub

            def give_up(tx: Tx) -> None:
                now = hub.clock.now()
                mail.accept(tx, mail.Letter(0, FEED, "k", "", b"", now, 0, now, None))
                (letter,) = [each for each in mail.letters(tx, now) if each.key == "k"]
                mail.letter_failed(tx, letter.id, "it is no calendar", None)

            await hub.store.write(give_up)
            told = await COMMANDS[asks.Letters](hub, "me", asks.Letters())
            assert isinstance(told, list)
            (one,) = told
            assert isinstance(one, dict)
            assert (one["about"], one["why"]) == ("feed", "it is no calendar")
            name = str(one["id"])
            assert await COMMANDS[asks.LetterSettle](hub, "me", asks.LetterSettle(letter=name, again=False)) == name
            assert await COMMANDS[asks.Letters](hub, "me", asks.Letters()) == []
            for again in (True, False):
                with pytest.raises(Rejected):
                    await COMMANDS[asks.LetterSettle](hub, "me", asks.LetterSettle(letter=name, again=again))

    simulate(main())
