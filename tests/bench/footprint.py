"""How much memory an idle hub takes and how soon it answers, beside a process that only imports the same libraries."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from time import perf_counter

from tests.bench import feed, homes
from tests.bench.rows import Goal, Row, of_rounds

IMPORTS = (
    "aiohttp.web, apscheduler.triggers.cron, cryptography.hazmat.primitives.ciphers.aead, jinja2, prometheus_client,"
    " pydantic, sqlalchemy, structlog, typer, ulid"
)
"""What a start of the hub loads of others' code; what it loads only when it is needed (alembic, argon2 …) is left out."""
INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Both start as what is installed does: its bytecode is there. Else ours is compiled at each start, and others' code is not."""
IDLE_S = 3
LOCKS = 2


async def measure(folder: Path, rounds: int) -> list[Row]:
    """A house with a stick, two locks and two feeds; its database is there, its files are in the page cache."""
    feeds = feed.Feeds()
    async with feeds.served(), feed.house(folder / "house", feeds, LOCKS) as house:
        async with homes.run(house, environ=INSTALLED):
            await feed.settled(house, LOCKS)
        starts = [(await _cold_start(house), await _import_time()) for _ in range(rounds)]
        memory = [(await _idle_rss(house), await _import_rss()) for _ in range(rounds)]
    return [
        of_rounds("idle_rss", "MiB", memory, Goal("ratio", "at most", 1.5)),
        of_rounds("cold_start", "ms", starts, Goal("ratio", "at most", 3)),
    ]


async def _cold_start(house: homes.House) -> float:
    """Milliseconds from the start of the process to the first 200 of /healthz."""
    begun = perf_counter()
    async with homes.process(homes.GATEHOUSE, "run", "-c", house.config, environ=INSTALLED):
        await homes.answering(house.port)
        return 1000 * (perf_counter() - begun)


async def _import_time() -> float:
    """Milliseconds from the start of a process until it has imported everything."""
    begun = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"import {IMPORTS}", env={**os.environ, **INSTALLED}
    )
    assert await process.wait() == 0
    return 1000 * (perf_counter() - begun)


async def _idle_rss(house: homes.House) -> float:
    async with homes.run(house, environ=INSTALLED) as pid:
        await asyncio.sleep(IDLE_S)
        return _rss(pid)


async def _import_rss() -> float:
    script = f"import {IMPORTS}; print(flush=True); input()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **INSTALLED},
    )
    assert process.stdout is not None
    await process.stdout.readline()
    rss = _rss(process.pid)
    await process.communicate(b"\n")
    return rss


def _rss(pid: int) -> float:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
