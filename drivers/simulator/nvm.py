"""The stick's own memory, read and written byte by byte (INS12350 §7.19).

What stands in it is this simulator's own invention: a mark, the home id, a bit for each node, and nothing more. A host may
not care, for it hands a backup back as it got it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

SIZE: Final = 0x2000
CHUNK: Final = 64
"""No more in one answer."""
_MARK: Final = b"simulated stick\x01"
_NODES: Final = 29


class Operation(IntEnum):
    OPEN = 0
    READ = 1
    WRITE = 2
    CLOSE = 3


OK: Final = 0x00
ERROR: Final = 0x01
MISMATCH: Final = 0x02
DISTURBED: Final = 0x03
END: Final = 0xFF


def image(home_id: int, nodes: set[int]) -> bytes:
    bits = sum(1 << (node - 1) for node in nodes)
    return (_MARK + home_id.to_bytes(4, "big") + bits.to_bytes(_NODES, "little")).ljust(SIZE, b"\xff")


def understood(memory: bytes) -> tuple[int, set[int]] | None:
    """Home id and nodes; None: this is not the memory of such a stick."""
    if len(memory) != SIZE or not memory.startswith(_MARK):
        return None
    home, nodes = memory[len(_MARK) : len(_MARK) + 4], memory[len(_MARK) + 4 : len(_MARK) + 4 + _NODES]
    bits = int.from_bytes(nodes, "little")
    return int.from_bytes(home, "big"), {node for node in range(1, 8 * _NODES + 1) if bits >> (node - 1) & 1}


class Nvm:
    def __init__(self) -> None:
        self._doing: Operation | None = None
        self._memory = bytearray()
        self._at_opening = b""
        self.written: bytes | None = None
        """What counts from the next restart on."""

    def answer(self, body: bytes, now_is: bytes) -> bytes:
        """Operation, length, offset, content. `now_is` is the memory as the stick would write it at this moment."""
        if not body or body[0] not in list(Operation):
            return bytes([ERROR, 0, 0, 0])
        operation, length = Operation(body[0]), body[1] if len(body) > 1 else 0
        offset = int.from_bytes(body[2:4], "big")
        match operation:
            case Operation.OPEN:
                return self._open(now_is)
            case _ if self._doing is None:
                return bytes([ERROR, 0, 0, 0])
            case Operation.CLOSE:
                return self._close(now_is)
            case Operation.READ | Operation.WRITE if self._doing not in (Operation.OPEN, operation):
                return bytes([MISMATCH, 0, 0, 0])
            case Operation.READ if now_is != self._at_opening:
                return bytes([DISTURBED, 0, 0, 0])
            case Operation.READ:
                return self._read(offset, length)
            case _:
                return self._write(offset, body[4 : 4 + length])

    def _open(self, now_is: bytes) -> bytes:
        # Whoever compares what was written reads it before the restart from which on it counts.
        shown = now_is if self.written is None else self.written
        self._doing, self._at_opening, self._memory = Operation.OPEN, now_is, bytearray(shown)
        return bytes([OK, 2]) + SIZE.to_bytes(2, "big")

    def _read(self, offset: int, length: int) -> bytes:
        self._doing = Operation.READ
        told = bytes(self._memory[offset : offset + min(length, CHUNK)])
        status = END if offset + len(told) >= SIZE else OK
        return bytes([status, len(told)]) + offset.to_bytes(2, "big") + told

    def _write(self, offset: int, content: bytes) -> bytes:
        self._doing = Operation.WRITE
        fits = offset + len(content) <= SIZE
        if fits:
            self._memory[offset : offset + len(content)] = content
        status = ERROR if not fits else END if offset + len(content) == SIZE else OK
        return bytes([status, len(content) if fits else 0]) + offset.to_bytes(2, "big")

    def _close(self, now_is: bytes) -> bytes:
        was, self._doing = self._doing, None
        if was is Operation.WRITE:
            self.written = bytes(self._memory)
        disturbed = was is Operation.READ and now_is != self._at_opening
        return bytes([DISTURBED if disturbed else OK, 0, 0, 0])
