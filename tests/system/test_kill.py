"""Pulling the plug at any instant ends in the same place (design.md §1).

`GATEHOUSE_KILLS` says how often (100), `GATEHOUSE_SEED` chooses the moments; `make soak` takes new ones each time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.system.siege import Siege, siege

ROUNDS_TO_REST = 10


def _seed() -> int:
    return int(os.environ.get("GATEHOUSE_SEED", "1"))


@pytest.mark.slow
async def test_a_hub_that_is_killed_at_any_moment_loses_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    kills, seed = int(os.environ.get("GATEHOUSE_KILLS", "100")), _seed()
    try:
        async with siege(tmp_path, seed) as attack:
            for number in range(1, kills + 1):
                await attack.live_a_while()
                await _pause(attack, number)
                await attack.fall()
            await attack.victim.start(cold=True)
            await attack.be_there()
            await attack.end_all()
            await attack.fall(softly=True)
    except BaseException as error:
        error.add_note(f"GATEHOUSE_SEED={seed} GATEHOUSE_KILLS={kills}")
        raise
    assert attack.acknowledged > 2 * kills, "there was hardly any load"
    assert len(attack.served) > kills / 4, "hardly anybody was let in"
    assert attack.claims_left > kills / 10, "it hardly ever died while something was under way"


async def _pause(attack: Siege, number: int) -> None:
    """Every tenth life is long enough to come to rest."""
    if number % ROUNDS_TO_REST == 0:
        await attack.be_there()
        await attack.rest()
