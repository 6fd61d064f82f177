"""Live through a year and write down everything that happened: `python -m tests.system.year SEED DAYS`."""

from __future__ import annotations

import sys
from collections import deque
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TextIO

import structlog

from tests.simulators import vloop
from tests.system.year import emergencies, people, trouble
from tests.system.year.life import Life
from tests.system.year.town import begin_of, town


def lived(folder: Path, seed: int, days: int) -> Life:
    """Every line of the trace is kept; the hub starts anew at least once."""

    async def main() -> Life:
        random = Random(seed)
        life = Life(folder, town(random, days, begin_of(seed)), random, days)
        life.judge.trace = deque()
        trouble.plan(life)
        people.plan(life)
        emergencies.plan(life)
        life.errand(life.plan.begin + timedelta(hours=17), life.stop.set)
        await life.run()
        return life

    return vloop.run(main(), seed=seed)


def main(out: TextIO) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with TemporaryDirectory() as folder:
        judge = lived(Path(folder), *map(int, sys.argv[1:3])).judge
    out.writelines(
        f"{line}\n" for line in (*judge.trace, f"{judge.journals.number} links, the last {judge.journals.seal}")
    )


if __name__ == "__main__":
    main(sys.stdout)
