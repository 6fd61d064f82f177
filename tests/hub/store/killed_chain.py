"""A program that is to be killed: adds links from many tasks at once and prints each number once it is acknowledged.

Usage: python -m tests.hub.store.killed_chain DATABASE
"""

import asyncio
import os
import sys
from datetime import UTC, datetime

from hub.model.chain import DEED
from hub.store import chain
from hub.store.engine import Store
from hub.store.migrate import migrate

TASKS = 8
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


async def main(file: str) -> None:
    with Store.open(file, prepare=lambda new: migrate(new, back_up=lambda _: None)) as store:

        async def keep_adding() -> None:
            while True:
                number = await store.write(lambda tx: chain.append(tx, NOON, DEED, "unlock", "done"))
                os.write(1, b"%d\n" % number)

        async with asyncio.TaskGroup() as group:
            for _ in range(TASKS):
                group.create_task(keep_adding())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
