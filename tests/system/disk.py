"""What a power loss would have left of a folder, rebuilt from the log that recorder.c wrote.

What was written is on the disk for certain once its file was synced after it; a name, once its folder was. Before that it
may be there or not, each on its own: in any order, and of a write any of its 512-byte sectors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from typing import Final

SECTOR: Final = 512
_HEAD: Final = struct.Struct("<IIQQQ")  # struct head in recorder.c


@dataclass(frozen=True, slots=True)
class Record:
    op: str
    name: str
    inode: int
    offset: int
    data: bytes


def records(log: Path) -> Iterator[Record]:
    with log.open("rb") as file:
        while head := file.read(_HEAD.size):
            op, name_length, inode, offset, length = _HEAD.unpack(head)
            name = file.read(name_length).decode()
            yield Record(chr(op), name, inode, offset, file.read(length))


# ---- what is pending -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    file: int
    length: int


@dataclass(frozen=True, slots=True)
class Named:
    """A name that was made, moved (`old`) or taken away (`file` None)."""

    name: str
    file: int | None
    old: str = ""


Pending = Written | Cut | Named


class Loss(Enum):
    """How much of what was pending a power loss takes."""

    ALL = "all"
    NONE = "none"
    LATER = "later"
    """Everything after some moment."""
    SOME = "some"
    TORN = "torn"
    """Some, and parts of writes."""


@dataclass
class Disk:
    """File numbers are ours: an inode may be used again for another file."""

    root: str
    files: dict[int, bytearray] = field(default_factory=dict)
    """What is there for certain."""
    names: dict[str, int] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    """Every name as the running process sees it."""

    def record(self, told: Record) -> None:
        match told.op:
            case "C":
                self._numbers[told.inode] = number = len(self.files)
                self.files[number] = bytearray()
                self._seen[told.name] = number
                self.pending.append(Named(told.name, number))
            case "W" if told.inode in self._numbers:
                self.pending.append(Written(self._numbers[told.inode], told.offset, told.data))
            case "T" if told.inode in self._numbers:
                self.pending.append(Cut(self._numbers[told.inode], told.offset))
            case "R":
                number = self._seen.pop(told.data.decode())
                self._seen[told.name] = number
                self.pending.append(Named(told.name, number, told.data.decode()))
            case "U":
                self._seen.pop(told.name)
                self.pending.append(Named(told.name, None))
            case "S":
                self._sync(told)

    def _sync(self, told: Record) -> None:
        kept: list[Pending] = []
        for change in self.pending:
            if self._settled_by(change, told):
                apply(change, self.files, self.names)
            else:
                kept.append(change)
        self.pending = kept

    def _settled_by(self, change: Pending, told: Record) -> bool:
        if isinstance(change, Named):
            return str(Path(change.name).parent) == told.name
        return change.file == self._numbers.get(told.inode)

    def after_power_loss(self, loss: Loss, random: Random) -> dict[str, bytes]:
        """Names, relative to the root, and contents."""
        files = {number: bytearray(self.files[number]) for number in self.files}
        names = dict(self.names)
        for change in _survivors(self.pending, loss, random):
            apply(change, files, names)
        return {name.removeprefix(self.root + "/"): bytes(files[number]) for name, number in names.items()}


def _survivors(pending: list[Pending], loss: Loss, random: Random) -> Iterator[Pending]:
    match loss:
        case Loss.ALL:
            return
        case Loss.NONE:
            yield from pending
        case Loss.LATER:
            yield from pending[: random.randrange(len(pending) + 1)]
        case Loss.SOME | Loss.TORN:
            for change in pending:
                if random.random() < 0.5:
                    yield from _torn(change, random) if loss is Loss.TORN else (change,)


def _torn(change: Pending, random: Random) -> Iterator[Pending]:
    if not isinstance(change, Written):
        yield change
        return
    end = change.offset + len(change.data)
    for start in range(change.offset - change.offset % SECTOR, end, SECTOR):
        first, last = max(start, change.offset), min(start + SECTOR, end)
        if random.random() < 0.5:
            yield Written(change.file, first, change.data[first - change.offset : last - change.offset])


def apply(change: Pending, files: dict[int, bytearray], names: dict[str, int]) -> None:
    match change:
        case Written(file, offset, data):
            content = files[file]
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data
        case Cut(file, length):
            del files[file][length:]
            files[file].extend(bytes(length - len(files[file])))
        case Named(name, file, old):
            names.pop(old, None)
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
