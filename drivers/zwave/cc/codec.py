"""Reading bytes that others wrote, and the shape that every command of a command class has."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar, Protocol, Self, TypeVar

from hub.errors import Garbled

E = TypeVar("E", bound=Enum)


class Command(Protocol):
    """One command of a command class. `body` is what follows the class and the command byte."""

    KEY: ClassVar[tuple[int, int]]
    """Command class and command, as numbered in ZW_classcmd.h."""

    def body(self) -> bytes: ...

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Raises Garbled and nothing else. Bytes after the last known field are of later versions and ignored."""


class Bare:
    """A command without fields."""

    __slots__ = ()

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls()


def serialize(command: Command) -> bytes:
    return bytes(command.KEY) + command.body()


class Reader:
    """Takes fields off the front of a message.

    Raises Garbled when there is nothing left to take. Its text names the message, never the bytes: they may be a PIN.
    """

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        if self.left < length:
            raise Garbled(f"{self._what} is cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def u24(self) -> int:
        return int.from_bytes(self.take(3), "big")

    def rest(self) -> bytes:
        return self.take(self.left)


def one_of(kinds: type[E], value: int, what: str) -> E:
    """The member of a closed set.

    Raises:
        Garbled: the specification knows no such value.
    """
    try:
        return kinds(value)
    except ValueError as error:
        raise Garbled(f"{what} holds a value that does not exist") from error


def numbered(mask: bytes, *, first: int = 0) -> frozenset[int]:
    """The numbers whose bits are set; the lowest bit of the first byte is `first`."""
    return frozenset(
        first + index * 8 + bit for index, byte in enumerate(mask) for bit in range(8) if byte & (1 << bit)
    )


def mask(numbers: Iterable[int]) -> bytes:
    """The shortest bit mask in which these bits are set."""
    whole = sum(1 << number for number in set(numbers))
    return whole.to_bytes((whole.bit_length() + 7) // 8, "little")
