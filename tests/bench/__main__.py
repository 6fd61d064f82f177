"""Every figure beside its reference, measured in the same run: `make bench`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from hub.commandline.journal import set_up
from tests.bench import (
    allocation,
    availability,
    big_feed,
    emergencies,
    emergencies_zwave,
    feed,
    footprint,
    homes,
    pages,
    polls,
    webhooks,
    year,
    zwave,
    zwave_asleep,
)
from tests.bench.rows import Row, table

OUTPUT = homes.ROOT / "build" / "bench.json"


Measure = Callable[[Path], Awaitable[list[Row]]]


def _measures(rounds: int, scale: float) -> list[tuple[list[str], Measure]]:
    """Each with its name, and the names of single rows where a row can be measured without most of the others."""
    requests = max(round(600 * scale), 60)
    return [
        (["webhooks"], lambda folder: webhooks.measure(folder, rounds, round(20_000 * scale))),
        (["feed"], lambda folder: feed.measure(folder, rounds)),
        (list(big_feed.NAMES), lambda folder: big_feed.measure(folder, rounds)),
        ([polls.NAME], lambda folder: polls.measure(folder, rounds)),
        (list(emergencies.NAMES), lambda folder: emergencies.measure(folder, rounds)),
        (["zwave", *emergencies_zwave.NAMES], emergencies_zwave.measure),
        ([allocation.NAME], lambda folder: allocation.measure(folder, rounds)),
        ([availability.NAME], lambda folder: availability.measure(folder, rounds)),
        (["year", "lock_years_per_s"], lambda folder: year.lock_years(folder, rounds)),
        (["year", "reconcile_at_rest"], lambda folder: year.at_rest(folder, rounds, round(1_000 * scale))),
        (["footprint"], lambda folder: footprint.measure(folder, rounds)),
        (["pages"], lambda folder: pages.measure(folder, rounds, round(1_000_000 * scale), requests)),
        *((["zwave", *zwave.rows(case)], partial(zwave.measure, case=case, rounds=rounds)) for case in zwave.CASES),
        (["zwave", zwave_asleep.NAME], partial(zwave_asleep.measure, rounds=rounds)),
    ]


async def measured(measures: Iterable[tuple[str, Measure]], keep: Callable[[list[Row]], None]) -> list[str]:
    """What could not be measured: it costs the others nothing, whose rows are kept as soon as they are there."""
    rows: list[Row] = []
    failed = []
    for name, measure in measures:
        sys.stderr.write(f"measuring {name} …\n")
        with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
            (got,) = await asyncio.gather(measure(Path(folder)), return_exceptions=True)
        if isinstance(got, BaseException):
            traceback.print_exception(got)
            failed.append(name)
            continue
        rows += got
        keep(rows)
    return failed


def _keep(rows: list[Row]) -> None:
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([row.told() for row in rows], indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "only",
        nargs="*",
        help="measure only these: " + ", ".join(name for names, _ in _measures(1, 1) for name in names),
    )
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many counts")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the work, to try it out")
    told = parser.parse_args()
    set_up("warning")  # what hubs in this process say goes where the table goes, else all of it
    rows: list[Row] = []

    def keep(so_far: list[Row]) -> None:
        rows[:] = so_far
        _keep(so_far)

    wanted = [
        (names[-1], measure)
        for names, measure in _measures(told.rounds, told.scale)
        if not told.only or set(told.only) & set(names)
    ]
    failed = asyncio.run(measured(wanted, keep))
    sys.stdout.write(table(rows) + "\n")
    if failed:
        sys.exit(f"could not be measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
