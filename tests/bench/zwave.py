"""Thirty codes set and read back, and the interview before them: our host and zwave-js's Driver on zwave-js's own mock.

Both speak to the same lock in the same process, one after the other in every round. The frames are counted in a run of
their own, on the wire between host and mock, so that counting costs no time in the others.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from hub.contracts import Keypad
from hub.io import serial
from hub.io.serial import Line
from hub.model.values import Pin, Proof
from tests.bench.rows import Goal, Row, of_rounds
from tests.bench.tap import Tap, tapped
from tests.peers.mocked import KEYS, TESTS, mock, ours

CODES = 30
LOCKS = {"none": 2, "s2": 3, "s0": 4}
"""The nodes of tests/peers/mock-thirty-codes.cjs."""
FASTER = Goal("ratio", "at most", 0.8)
NO_MORE_FRAMES = Goal("ratio", "at most", 1.0)
_SECURITY = {"none": "", "s2": "S2 Access Control", "s0": "S0"}
_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    """Of lock: one of `LOCKS`."""
    air_ms: int
    """How long the mock keeps a frame on the air; 10 is its own default."""


CASES = [Case(kind, air_ms) for kind in LOCKS for air_ms in (10, 0)]

Between = Callable[[], None]
"""Called after the interview and before the codes."""


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds."""

    interview: float
    codes: float


Runner = Callable[[int, str, Between], Awaitable[Took]]
"""The port of the stick, the kind of lock."""


def rows(case: Case) -> list[str]:
    return [f"zwave_{what}_{case.kind}_{case.air_ms}" for what in ("30_codes", "interview", "frames")]


async def measure(_folder: Path, case: Case, rounds: int) -> list[Row]:
    async with mock(LOCKS[case.kind], air_ms=case.air_ms) as played:
        port, kind = played.stick, case.kind
        times = rounds if case.air_ms else 3 * rounds  # where nothing waits, the machine's other work shows more
        took = [(await _ours(port, kind, _nothing), await _theirs(port, kind, _nothing)) for _ in range(times)]
        mine, their = [await _frames(use, port, kind) for use in (_ours, _theirs)]
    codes, interview, frames = rows(case)
    return [
        of_rounds(codes, "ms", [(own.codes, other.codes) for own, other in took], FASTER),
        of_rounds(interview, "ms", [(own.interview, other.interview) for own, other in took], FASTER),
        Row(frames, mine, "per code", their, NO_MORE_FRAMES),
    ]


def _nothing() -> None: ...


async def _frames(use: Runner, port: int, kind: str) -> float:
    """On the air for each code, from the host and to it."""
    tap = Tap()
    async with tapped(tap, port) as listening:
        await use(listening, kind, tap.clear)
    return tap.commands / CODES


# ---- our host --------------------------------------------------------------------------------------------------------


_PROTOCOL_INFO = b"\x41"
"""GetNodeProtocolInfo (INS13954, 4.3.4): with it both hosts begin an interview."""


class _Timed:
    """A line that remembers when the host first asked about a node."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.begun: float | None = None
        self.receive, self.close = line.receive, line.close

    def send(self, data: bytes) -> None:
        if self.begun is None and data[3:4] == _PROTOCOL_INFO:
            self.begun = perf_counter()
        self._line.send(data)


async def _ours(port: int, kind: str, between: Between) -> Took:
    lines: list[_Timed] = []

    async def connect(where: str) -> Line:
        lines.append(_Timed(await serial.connect(where)))
        return lines[-1]

    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        async with asyncio.timeout(_WITHIN_S), ours(port, Path(folder), connect) as host:
            found = await host.found()
            met, begun = perf_counter(), lines[-1].begun
            assert begun is not None
            assert found.abilities.secure == _SECURITY[kind]
            keypad = host.driver.locks[found.lock].keypad
            assert keypad is not None
            between()
            codes = await set_and_read(keypad)
    return Took(1000 * (met - begun), codes)


async def set_and_read(keypad: Keypad) -> float:
    """Milliseconds."""
    begun = perf_counter()
    for slot in range(1, CODES + 1):
        pin = Pin(str(200_000 + slot * 7))
        if await keypad.write(slot, pin) is not Proof.READ_BACK:
            assert (await keypad.read(slot)).pin == pin
    return 1000 * (perf_counter() - begun)


# ---- zwave-js --------------------------------------------------------------------------------------------------------


async def _theirs(port: int, kind: str, between: Between) -> Took:
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            *("node", "bench/zwave-js-codes.mjs", f"tcp://127.0.0.1:{port}", folder),
            *(str(LOCKS[kind]), str(CODES), KEYS),
            cwd=TESTS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(_WITHIN_S):
            interviewed = json.loads(await process.stdout.readline())
            between()
            process.stdin.write(b"\n")
            done = json.loads(await process.stdout.readline())
            assert await process.wait() == 0
    assert interviewed["security"].startswith({"none": "None", "s2": "S2_AccessControl", "s0": "S0_Legacy"}[kind])
    assert done["held"] == CODES
    return Took(interviewed["interview"], done["codes"])
