"""An emergency at a battery lock that sleeps, in bytes: the bolt moves and the code is proven within five seconds of the press.

The seconds are those of the house's own clock, which a slow machine does not lengthen: a beam of a second, and each frame as
long as it is in the air.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hub.emergency import Done
from hub.model.lockdown import Outcome
from tests.simulators import pressed, vloop
from tests.simulators.wired import Wired

WITHIN_S = 5.0


@pytest.mark.parametrize("model", ["yale-zw3+s2", "kwikset+s0"])
def test_a_bolt_moves_and_a_code_is_proven_within_five_seconds_of_the_press(tmp_path: Path, model: str) -> None:
    async def main() -> None:
        async with pressed.asleep(tmp_path, model) as here:
            for press in (pressed.unlocked, pressed.coded):
                _quick(here, *await press(here))
                await asyncio.sleep(10)
            codes = [await here.give("front", f"Guest {number}", timedelta(days=1)) for number in range(12)]
            await asyncio.sleep(1.2)
            _quick(here, *await pressed.coded(here))
            assert not {*codes} <= {*here.held("front").values()}, "it came before those that were on their way"

    vloop.run(main(), seed=1)


def _quick(here: Wired, done: Done, seconds: float) -> None:
    assert [door.outcome for door in done.doors] == [Outcome.DONE]
    assert seconds < WITHIN_S
    if done.pin is not None:
        assert done.pin.reveal() in here.held("front").values()
