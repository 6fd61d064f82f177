"""A year of forty flats and sixty locks in which everything goes wrong that goes wrong in a year, on a turned clock.

The world looks on, and is not the hub: it knows what the guests booked and what is in the locks (tests/system/year). It
breaks off at the first law that is broken:

* early: no code opens a door before its window.
* late: no code opens later than check-out and ten seconds (or two commands) while its lock answers, else after contact.
* outside: no guest stands outside a door that answers, and nobody with a pass during its hours. While a door is locked down
  its guests' codes are “late” as if their time were over; once it is released they open it again.
* untold: of any other door a person has been told; so they are of a calendar that fails, or that lists a stay no more.
* ladder: at each rung of each stay and door its code is proven, or a backup code has taken its place, or somebody was told.
* calm: nobody is called for a code that may not be in its lock yet, while the doors answer.
* audit: the chain is whole, and says what the locks' own journals say, both ways.
* collision: no door holds the same digits twice.
* foreign: what people made at a keypad is never touched.
* taken: but for what took the place of a code at a lock that hides its digits: it goes.
* emergency: a code that is said to work opens its door; it ends, as every code does.
* owner: no code is in a lock that was given to nobody.

`GATEHOUSE_SEEDS=1,2,3` chooses the years, `GATEHOUSE_YEAR_DAYS` how long they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.simulators import vloop
from tests.system.year import emergencies, people, trouble
from tests.system.year.life import Life
from tests.system.year.town import begin_of, town

pytestmark = pytest.mark.slow

SEEDS = [int(seed) for seed in os.environ.get("GATEHOUSE_SEEDS", "1,2").split(",")]
DAYS = int(os.environ.get("GATEHOUSE_YEAR_DAYS", "30"))


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_year_of_trouble_every_guest_gets_in_and_nobody_else_does(tmp_path: Path, seed: int) -> None:
    async def main() -> Life:
        random = Random(seed)
        life = Life(tmp_path, town(random, DAYS, begin_of(seed)), random, DAYS)
        trouble.plan(life)
        people.plan(life)
        emergencies.plan(life)
        await life.run()
        return life

    judge = vloop.run(main(), seed=seed).judge
    assert not judge.violations, "\n".join(
        [f"GATEHOUSE_SEEDS={seed} GATEHOUSE_YEAR_DAYS={DAYS}", *judge.trace, *judge.violations]
    )


def test_one_seed_is_one_year_to_the_last_line() -> None:
    """Two processes that order their sets differently live through the same day, hub restarts and all."""
    runs = [
        subprocess.Popen(
            (sys.executable, "-m", "tests.system.year", "5", "1"),
            env=os.environ | {"PYTHONHASHSEED": hashes},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for hashes in ("1", "2")
    ]
    first, second = (run.communicate()[0].splitlines() for run in runs)
    assert len(first) > 200
    assert first == second
