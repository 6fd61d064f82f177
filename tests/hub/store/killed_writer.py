"""A program that is to be killed: writes rows from many tasks at once and prints each number once it is acknowledged.

Usage: python -m tests.hub.store.killed_writer DATABASE ROUNDS SEED. It forks a writer per round, kills it at a random
moment, and exits with a sentence for each acknowledged row that is not there. DATABASE is a file or PostgreSQL's address.
"""

import asyncio
import os
import random
import select
import signal
import sys

from sqlalchemy import select as choose

from hub.store.engine import Store, Tx
from tests.hub.store.tiny import add, make_tables, rows

TASKS = 8


def numbers(tx: Tx) -> set[int]:
    return {int(word) for word in tx.sql.scalars(choose(rows.c.word))}


async def write(file: str, first: int, out: int) -> None:
    with Store.open(file) as store:
        await store.write(make_tables)

        async def keep_writing(number: int) -> None:
            while True:
                await store.write(add(str(number)))
                os.write(out, b"%d\n" % number)
                number += TASKS

        async with asyncio.TaskGroup() as group:
            for task in range(TASKS):
                group.create_task(keep_writing(first + task))


def round_of(file: str, first: int, patience: float) -> set[int]:
    """Let a writer write until it is killed, and return what it said was safe."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(inlet)
        asyncio.run(write(file, first, outlet))
    os.close(outlet)
    said = os.read(inlet, 65536)  # it has begun
    select.select([], [], [], patience)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(inlet, 65536):
        said += more
    os.close(inlet)
    return {int(line) for line in said.split(b"\n")[:-1]}


def main(file: str, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    acknowledged: set[int] = set()
    size = 0
    for _ in range(rounds):
        said = round_of(file, max(acknowledged, default=0) + 1_000, rng.uniform(0.0, 0.03))
        acknowledged |= said
        with Store.open(file) as store:
            there, size = asyncio.run(store.read(numbers)), store.size
        if lost := acknowledged - there:
            sys.exit(f"lost after the kill: {sorted(lost)[:10]}")
    print(f"{rounds} kills, {len(acknowledged)} acknowledged, {size} bytes")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
