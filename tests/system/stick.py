"""The simulated stick in a process of its own: it lives on while the hub is killed, and its journal tells everything."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from tests.system.victim import ROOT

Contents = dict[str, dict[int, str]]
"""By lock and slot, the digits."""


@dataclass(frozen=True, slots=True)
class CodeChanged:
    at: datetime
    """Real time."""
    lock: str
    slot: int
    digits: str
    """Empty: the slot was cleared."""
    by: str
    """`radio`, or somebody at the lock."""


@dataclass
class Locks:
    port: int
    journal: Path
    control: str
    http: aiohttp.ClientSession
    held: Contents = field(default_factory=dict)
    """As the journal tells it, as far as it was read."""
    _offset: int = 0

    async def contents(self) -> Contents:
        """What the locks say of themselves."""
        async with self.http.get(f"{self.control}/locks") as answer:
            told = await answer.json()
        return {lock["address"]: {each["slot"]: each["digits"] for each in lock["slots"]} for lock in told}

    async def at_the_door(self, lock: str, what: str, **body: Any) -> None:
        async with self.http.post(f"{self.control}/locks/{lock}/{what}", data=json.dumps(body)) as answer:
            assert answer.status == 200, await answer.text()

    def news(self) -> Iterator[CodeChanged]:
        """What was written into the journal since the last call."""
        with self.journal.open("rb") as file:
            file.seek(self._offset)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._offset += len(whole)
        for change in _changes(whole.splitlines()):
            codes = self.held.setdefault(change.lock, {})
            codes.pop(change.slot, None)
            if change.digits:
                codes[change.slot] = change.digits
            yield change


def _changes(lines: Iterable[bytes]) -> Iterator[CodeChanged]:
    for line in lines:
        told = json.loads(line)
        change = told["change"]
        if change["what"] == "code":
            digits = change["digits"] if change["new"] == "occupied" else ""
            yield CodeChanged(datetime.fromisoformat(told["at"]), told["lock"], change["slot"], digits, change["by"])


@asynccontextmanager
async def locks(folder: Path, *settings: str) -> AsyncIterator[Locks]:
    journal = folder / "building.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "drivers.simulator", "--state", str(journal), *settings),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as http:
            yield Locks(told["port"], journal, told["control"], http)
    finally:
        process.kill()
        await process.wait()
