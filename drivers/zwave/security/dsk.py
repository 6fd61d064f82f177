"""The number on a device's label: its name, and the proof that the person joining it has it in hand.

Source: SDS13937 and the S2 chapter of the Z-Wave specification; numbers checked against zwave-js 15.29.
"""

from __future__ import annotations

import re

from hub.errors import Garbled

_TEXT = re.compile(r"\d{5}(?:[- ]?\d{5}){7}", re.ASCII)
_PIN = re.compile(r"\d{5}", re.ASCII)


class Dsk:
    """The first 16 bytes of a device's public key. Its first five digits are the PIN and are not shown by `repr`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 16:
            raise ValueError("a DSK is 16 bytes")
        self._raw = bytes(raw)

    @classmethod
    def parse(cls, text: str) -> Dsk:
        """Read what a label says: eight groups of five digits.

        Raises:
            Garbled: it is something else.
        """
        if not _TEXT.fullmatch(text.strip()):
            raise Garbled("a DSK is eight groups of five digits")
        digits = re.sub(r"\D", "", text)
        groups = [int(digits[at : at + 5]) for at in range(0, 40, 5)]
        if max(groups) > 0xFFFF:
            raise Garbled("a group of a DSK is at most 65535")
        return cls(b"".join(group.to_bytes(2, "big") for group in groups))

    def reveal(self) -> bytes:
        return self._raw

    @property
    def text(self) -> str:
        """As on the label, PIN included."""
        return "-".join(f"{int.from_bytes(self._raw[at : at + 2], 'big'):05d}" for at in range(0, 16, 2))

    @property
    def tail(self) -> str:
        """What a person compares before typing the PIN."""
        return self.text[6:]

    @property
    def pin(self) -> str:
        return self.text[:5]

    @property
    def joining_home(self) -> bytes:
        """The home id under which the device asks to be joined (NWI)."""
        a, b, c, d = self._raw[8:12]
        return bytes((a | 0xC0, b, c, d & 0xFE))

    @property
    def authentic_home(self) -> bytes:
        """The home id by which the stick recognises the device when it joins it."""
        a, b, c, d = self._raw[12:16]
        return bytes((a & 0x3F, b, c, d | 0x01))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dsk) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return f"Dsk(•••••-{self.tail})"


def is_pin(text: str) -> bool:
    return bool(_PIN.fullmatch(text)) and int(text) <= 0xFFFF


def with_pin(public_key: bytes, pin: str) -> bytes:
    """The public key a device sent with its first two bytes blanked, made whole by what its label says.

    Raises:
        Garbled: that is no PIN; the sentence does not repeat it.
    """
    if not is_pin(pin):
        raise Garbled("the PIN is the first five digits on the label")
    return int(pin).to_bytes(2, "big") + public_key[2:]
