"""A client that is never the limit: requests made beforehand, one process, as little parsing as an honest answer allows.

`python -m tests.bench.load PORT CONNECTIONS WARM` reads length-prefixed requests from stdin, sends each once, the next on
a connection as soon as the last is answered, and prints how it went as JSON. The first WARM answers are not counted.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from tests.bench.rows import percentile

_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Tally:
    per_second: float
    p50_ms: float
    p99_ms: float


class Course:
    """What is left to be sent, and what came back when."""

    def __init__(self, requests: Sequence[bytes], warm: int, done: asyncio.Event) -> None:
        self.left: Iterator[bytes] = iter(requests)
        self.statuses: Counter[bytes] = Counter()
        self.took_s: list[float] = []
        self.ended_at: list[float] = []
        self._total = len(requests)
        self._warm = warm
        self._done = done

    def answered(self, status: bytes, sent_at: float) -> None:
        now = perf_counter()
        self.statuses[status] += 1
        self.took_s.append(now - sent_at)
        self.ended_at.append(now)
        if len(self.ended_at) == self._total:
            self._done.set()

    def tally(self) -> Tally:
        counted = self.took_s[self._warm :]
        begun = self.ended_at[self._warm - 1]
        return Tally(
            per_second=len(counted) / (self.ended_at[-1] - begun),
            p50_ms=1000 * percentile(counted, 50),
            p99_ms=1000 * percentile(counted, 99),
        )


class Connection(asyncio.Protocol):
    def __init__(self, course: Course) -> None:
        self._course = course
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.index(b"Content-Length: ") + 16
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._received = b""
        self._course.answered(head[9:12], self._sent_at)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sent_at:
            raise ConnectionError("the server hung up") from exc

    def _next(self) -> None:
        request = next(self._course.left, None)
        if request is None:
            self._sent_at = 0.0
            self._transport.close()
            return
        self._sent_at = perf_counter()
        self._transport.write(request)


async def _ride(port: int, connections: int, warm: int, requests: Sequence[bytes]) -> Course:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    course = Course(requests, warm, done)
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(course), "127.0.0.1", port)
    await done.wait()
    return course


def _read(stream: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(stream):
        (length,) = _LENGTH.unpack_from(stream, at)
        found.append(stream[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def request(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "\r\n")).encode() + body


async def load(port: int, requests: Sequence[bytes], *, connections: int, warm: int) -> Tally:
    """Raises AssertionError when any answer is not 200."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(warm)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    packed = b"".join(_LENGTH.pack(len(each)) + each for each in requests)
    output, _ = await process.communicate(packed)
    told: dict[str, Any] = json.loads(output)
    assert told["statuses"] == {"200": len(requests)}, f"not everything was answered with 200: {told['statuses']}"
    return Tally(told["per_second"], told["p50_ms"], told["p99_ms"])


def main() -> None:
    port, connections, warm = map(int, sys.argv[1:])
    course = asyncio.run(_ride(port, connections, warm, _read(sys.stdin.buffer.read())))
    tally = course.tally()
    statuses = {status.decode(): count for status, count in course.statuses.items()}
    figures = {"per_second": tally.per_second, "p50_ms": tally.p50_ms, "p99_ms": tally.p99_ms}
    sys.stdout.write(json.dumps({"statuses": statuses, **figures}))


if __name__ == "__main__":
    main()
