"""What the stick reports of a transmission: how long it took, over whom it went, how well it was heard.

Source: INS13954 4.3.3.1.7; zwave-js 15 SendDataShared.ts for the byte that holds speed and beam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.zwave.cc.codec import Reader

_UNMEASURED_FROM = 0x7D
"""RSSI_BELOW_SENSITIVITY, _MAX_POWER_SATURATED, _NOT_AVAILABLE: INS13954 table 7."""
_RATES: Mapping[int, float] = {1: 9.6, 2: 40.0, 3: 100.0, 4: 100.0}
"""kbit/s; 4 is Long Range (zwave-js 15 ProtocolDataRate)."""
_WHOLE = 17
"""Bytes up to the number of tries; older sticks send the time alone, or nothing."""


def dbm(value: int) -> int | None:
    """One signal strength as the stick writes it; None for the values that stand for no measurement, and reserved ones."""
    signed = value - 0x100 if value >= 0x80 else value
    return signed if signed < 0 and value not in range(_UNMEASURED_FROM, 0x80) else None


@dataclass(frozen=True, slots=True)
class TransmitReport:
    ticks: int
    """From handing over the frame to its last acknowledgement, in units of 10 ms."""
    repeaters: tuple[int, ...] = ()
    """From the stick outwards."""
    rssi_dbm: int | None = None
    """Of the acknowledgement, at the stick."""
    rate_kbit: float | None = None
    beamed: bool = False
    tries: int = 0
    failed_link: tuple[int, int] | None = None
    """Between which nodes the last route that was tried broke."""

    @classmethod
    def decode(cls, callback: bytes) -> TransmitReport | None:
        """From what follows the status in a callback; None when the stick reports nothing."""
        if len(callback) < 2:
            return None
        reader = Reader(callback, "a transmit report")
        ticks = reader.u16()
        if len(callback) < _WHOLE:
            return cls(ticks)
        hops, rssi = min(reader.u8(), 4), reader.u8()
        reader.take(7)  # signal at the repeaters, channels, routing scheme
        repeaters, speed, tries = tuple(reader.take(4))[:hops], reader.u8(), reader.u8()
        broken = (reader.u8(), reader.u8()) if reader.left >= 2 else (0, 0)
        return cls(
            ticks,
            repeaters,
            dbm(rssi),
            _RATES.get(speed & 0x07),
            beamed=bool(speed & 0x60),
            tries=tries,
            failed_link=broken if all(broken) else None,
        )
