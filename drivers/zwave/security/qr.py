"""What the QR code on a device says: a long row of digits.

Source: the Z-Wave QR code format in the zwave-js/specs collection, and zwave-js, core/src/qr (tested against its samples).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.keys import SecurityClass, classes
from hub.errors import Garbled

_CODE = re.compile(r"90\d{50,400}", re.ASCII)
_PRODUCT_TYPE, _PRODUCT_ID, _INTERVAL, _UUID, _PROTOCOLS = range(5)
_LENGTHS = {_PRODUCT_TYPE: {10}, _PRODUCT_ID: {20}, _INTERVAL: {2}, _UUID: {42}, _PROTOCOLS: {2, 3, 5}}


@dataclass(frozen=True, slots=True)
class Label:
    """A device as its QR code describes it."""

    dsk: Dsk
    requested: frozenset[SecurityClass]
    smart_start: bool
    """Whether it may be joined by being listed, without a person pressing anything."""
    generic_class: int
    specific_class: int
    manufacturer: int
    product_type: int
    product: int
    version: str
    long_range: bool = False


class _Digits:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._text) - self._at

    def take(self, length: int) -> str:
        if self.left < length:
            raise Garbled("the QR code is cut short")
        self._at += length
        return self._text[self._at - length : self._at]

    def number(self, length: int, most: int) -> int:
        value = int(self.take(length))
        if value > most:
            raise Garbled("the QR code holds a number that is too large")
        return value


def parse(text: str) -> Label:
    """Read the digits of a QR code, white space around them allowed.

    Raises:
        Garbled: it is not one of Z-Wave, was misread, or asks for something this hub does not know.
    """
    text = text.strip()
    if not _CODE.fullmatch(text):
        raise Garbled("a Z-Wave QR code is 90 followed by digits only")
    digits = _Digits(text)
    digits.take(2)
    if (version := digits.number(2, 99)) > 1:
        raise Garbled("the QR code is of a newer kind")
    checksum = digits.number(5, 0xFFFF)
    # The format's own checksum, against misreading; nothing rests on its strength.
    if checksum != int.from_bytes(hashlib.sha1(text[9:].encode(), usedforsecurity=False).digest()[:2], "big"):
        raise Garbled("the QR code was not read completely")
    requested = classes(digits.number(3, 0xFF))
    dsk = Dsk(b"".join(digits.number(5, 0xFFFF).to_bytes(2, "big") for _ in range(8)))
    blocks = _blocks(digits)
    if _PRODUCT_TYPE not in blocks or _PRODUCT_ID not in blocks:
        raise Garbled("the QR code does not say what the device is")
    return _label(dsk, requested, smart_start=version == 1, blocks=blocks)


def _blocks(digits: _Digits) -> dict[int, str]:
    blocks: dict[int, str] = {}
    while digits.left:
        kind, critical = divmod(digits.number(2, 99), 2)
        content = digits.take(digits.number(2, 99))
        if kind in _LENGTHS and len(content) in _LENGTHS[kind]:
            blocks[kind] = content
        elif critical or kind in {_PRODUCT_TYPE, _PRODUCT_ID}:
            raise Garbled("the QR code asks for something this hub does not know")
    return blocks


def _label(dsk: Dsk, requested: frozenset[SecurityClass], *, smart_start: bool, blocks: dict[int, str]) -> Label:
    kind = _Digits(blocks[_PRODUCT_TYPE]).number(5, 0xFFFF)
    product = _Digits(blocks[_PRODUCT_ID])
    manufacturer, product_type, product_id, version = (product.number(5, 0xFFFF) for _ in range(4))
    return Label(
        dsk=dsk,
        requested=requested,
        smart_start=smart_start,
        generic_class=kind >> 8,
        specific_class=kind & 0xFF,
        manufacturer=manufacturer,
        product_type=product_type,
        product=product_id,
        version=f"{version >> 8}.{version & 0xFF}",
        long_range=bool(int(blocks.get(_PROTOCOLS, "0")) & 0x02),
    )
