"""The stick's memory as a file: read whole, marked with the stick it is from, written back and compared.

Reading and writing are generators: they yield the next call and are sent its response. They know neither the port nor
the time. Whoever drives them closes the memory afterwards, however it ended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator
from enum import Enum

from drivers.zwave import upkeep_functions as upkeep
from drivers.zwave.functions import Call
from drivers.zwave.upkeep_functions import Operated, Operation, operate
from hub.errors import Garbled, Rejected

_LARGEST_PIECE = 0xFF - 16
"""A response must fit into one frame; sticks that can less send less, and that is then the measure (zwave-js 15,
backupNVMRaw500)."""
_SMALL_PIECE = 48
"""For sticks that answer a wish for more with nothing (zwave-js 15, backupNVMRaw700)."""
_WRITE_HEAD = 5
_MARK = "gatehouse-zwave-memory"

Progress = Callable[[int, int], None]
"""Bytes done, of how many."""
Reading = Generator[Call, bytes, bytes]
Writing = Generator[Call, bytes, None]


class Kind(Enum):
    """How a stick lets its memory be read."""

    EXTENDED = "800"
    OPERATIONS = "700"
    EXTERNAL = "500"


def kind_of(functions: frozenset[int]) -> Kind:
    """Raises Rejected: this stick cannot."""
    if upkeep.NVM_OPERATIONS_EXTENDED in functions:
        return Kind.EXTENDED
    if upkeep.NVM_OPERATIONS in functions:
        return Kind.OPERATIONS
    if {upkeep.NVM_GET_ID, upkeep.NVM_EXT_READ, upkeep.NVM_EXT_WRITE} <= functions:
        return Kind.EXTERNAL
    raise Rejected("this Z-Wave stick does not let its memory be read")


# ---- the file --------------------------------------------------------------------------------------------------------


def pack(memory: bytes, kind: Kind, version: str, home: str) -> bytes:
    mark = {
        "kind": _MARK,
        "series": kind.value,
        "stick": version,
        "network": home,
        "size": len(memory),
        "sha256": hashlib.sha256(memory).hexdigest(),
    }
    return json.dumps(mark).encode("ascii") + b"\n" + memory


def unpack(file: bytes, kind: Kind, version: str) -> bytes:
    """The memory in a file, if it may be written into a stick of that kind and version.

    Raises:
        Rejected: it may not. What another version of the stick's software wrote would be misread by this one.
    """
    head, _, memory = file.partition(b"\n")
    try:
        mark = json.loads(head)
    except ValueError:
        mark = None
    if not isinstance(mark, dict) or mark.get("kind") != _MARK:
        raise Rejected("this is not a backup of a Z-Wave stick that was made here")
    if (mark.get("size"), mark.get("sha256")) != (len(memory), hashlib.sha256(memory).hexdigest()):
        raise Rejected("this backup of a Z-Wave stick is damaged")
    if (mark.get("series"), mark.get("stick")) != (kind.value, version):
        raise Rejected(f"this backup was made of a stick with {mark.get('stick')}; this one has {version}")
    return memory


# ---- reading and writing ---------------------------------------------------------------------------------------------


def read(kind: Kind, progress: Progress) -> Reading:
    """Raises Garbled: the stick refused, or ended too early."""
    if kind is Kind.EXTERNAL:
        return (yield from _read_external(progress))
    extended = kind is Kind.EXTENDED
    yield operate(Operation.CLOSE, extended=extended)  # whatever an earlier host left open
    size = (yield from _operate(operate(Operation.OPEN, extended=extended), extended=extended)).at
    memory, piece = bytearray(), _LARGEST_PIECE
    while len(memory) < size:
        wish = min(piece, size - len(memory))
        got = yield from _operate(
            operate(Operation.READ, len(memory), length=wish, extended=extended), extended=extended
        )
        piece = _next_piece(wish, len(got.data))
        memory += got.data
        progress(len(memory), size)
        if got.end:
            break
    return _whole(memory, size)


def write(kind: Kind, memory: bytes, progress: Progress) -> Writing:
    """Raises Garbled: the stick refused; part of its memory may be written. Rejected: its memory is of another size."""
    if kind is Kind.EXTERNAL:
        yield from _write_external(memory, progress)
        return
    extended = kind is Kind.EXTENDED
    yield operate(Operation.CLOSE, extended=extended)
    size = (yield from _operate(operate(Operation.OPEN, extended=extended), extended=extended)).at
    if size == len(memory):
        # As much as it sends at once it takes at once (zwave-js 15, restoreNVMRaw700).
        wish = min(_LARGEST_PIECE, size)
        sample = yield from _operate(operate(Operation.READ, length=wish, extended=extended), extended=extended)
    yield from _operate(operate(Operation.CLOSE, extended=extended), extended=extended)
    _same_size(size, memory)
    yield from _operate(operate(Operation.OPEN, extended=extended), extended=extended)
    piece = len(sample.data) or _SMALL_PIECE
    for at in range(0, size, piece):
        part = memory[at : at + piece]
        yield from _operate(operate(Operation.WRITE, at, part, extended=extended), extended=extended)
        progress(at + len(part), size)


def _operate(call: Call, *, extended: bool) -> Generator[Call, bytes, Operated]:
    return Operated.decode((yield call), extended=extended)


def _read_external(progress: Progress) -> Reading:
    size = yield from _external_size()
    memory, piece = bytearray(), _LARGEST_PIECE
    while len(memory) < size:
        wish = min(piece, size - len(memory))
        got = (yield upkeep.read_external(len(memory), wish))[:wish]
        piece = _next_piece(wish, len(got))
        memory += got
        progress(len(memory), size)
    return _whole(memory, size)


def _write_external(memory: bytes, progress: Progress) -> Writing:
    size = yield from _external_size()
    _same_size(size, memory)
    piece = len((yield upkeep.read_external(0, min(_LARGEST_PIECE, size)))) - _WRITE_HEAD
    piece = max(piece, _SMALL_PIECE)
    for at in range(0, size, piece):
        part = memory[at : at + piece]
        yield upkeep.write_external(at, part)  # its response says only whether the bytes were others before
        progress(at + len(part), size)


def _external_size() -> Generator[Call, bytes, int]:
    size = upkeep.memory_size((yield upkeep.get_memory_id()))
    if size is None:
        raise Rejected("this Z-Wave stick does not say how large its memory is")
    return size


def _next_piece(wish: int, got: int) -> int:
    """How much to ask for next. Raises Garbled: it gives nothing, however little is asked for."""
    if got == 0 and wish <= _SMALL_PIECE:
        raise Garbled("the Z-Wave stick stopped in the middle of its memory")
    return min(wish, got) if got else _SMALL_PIECE


def _whole(memory: bytearray, size: int) -> bytes:
    if len(memory) != size:
        raise Garbled("the Z-Wave stick stopped in the middle of its memory")
    return bytes(memory)


def _same_size(size: int, memory: bytes) -> None:
    if size != len(memory):
        raise Rejected(f"the backup holds {len(memory)} bytes, the memory of this Z-Wave stick {size}")
