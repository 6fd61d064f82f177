"""Coverage-guided fuzzing of everything that reads a stranger's bytes: `python -m tests.drivers.zwave.fuzz TARGET -runs=N`.

A target may answer with whatever it likes or with Garbled; any other exception ends the process with a failure. The
options after the target are libFuzzer's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count

import atheris

with atheris.instrument_imports(include=["drivers.zwave"]):
    from drivers.zwave import cc, functions
    from drivers.zwave.cc.codec import serialize
    from drivers.zwave.events import facts
    from drivers.zwave.frame import Deframer, Frame
    from drivers.zwave.link import Link as Serial
    from drivers.zwave.security import kex_frames, qr, s2_frames
    from drivers.zwave.security.dsk import Dsk
    from drivers.zwave.security.keys import NetworkKey, SecurityClass, s0_keys, s2_keys
    from drivers.zwave.security.s0 import S0Session
    from drivers.zwave.security.s2 import Link, S2Session
    from drivers.zwave.security.transport import Reassembly
    from hub.errors import Garbled
    from hub.model.values import Address
    from tests.drivers.zwave.fakes import START

_KEYS = {each: NetworkKey(bytes((number,)) * 16) for number, each in enumerate(SecurityClass, start=1)}


def _dice() -> Callable[[int], bytes]:
    numbers = count(1)
    return lambda length: next(numbers).to_bytes(4, "big").rjust(length, b"\xd1")[-length:]


def _pieces(data: bytes) -> list[bytes]:
    """Several messages out of one: each begins with its length."""
    found = []
    while data:
        found.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return found


def line(data: bytes) -> None:
    deframer, link, now = Deframer(), Serial(), 0.0
    link.open()
    link.send(functions.send_data(2, b"\x62\x02"), now)
    for unit in deframer.receive(data, now):
        if isinstance(unit, Frame):
            with suppress(Garbled):
                functions.decode_unsolicited(unit)
    for piece in _pieces(data):
        now += 0.7
        link.receive(piece, now)
        while link.next_event() is not None:
            pass
        link.to_send()


def commands(data: bytes) -> None:
    with suppress(Garbled):
        for said in cc.unwrap(data):
            if isinstance(said, cc.notification.Report) and said.happening is not None:
                facts(said.happening, Address("2"), START)
            if not isinstance(said, cc.Unknown):
                assert cc.decode(serialize(said)) == said


def s2(data: bytes) -> None:
    session = S2Session(
        Link(0xC0FFEE01, 1, 2), {each: s2_keys(_KEYS[each]) for each in SecurityClass if each.is_s2}, _dice()
    )
    session.encrypt(b"\x62\x02", 0.0, under=SecurityClass.S2_ACCESS_CONTROL)
    for number, piece in enumerate(_pieces(data)):
        with suppress(Garbled):
            session.receive(b"\x9f" + piece, number * 0.4, multicast=bool(piece[:1] == b"\xff"))


def s0(data: bytes) -> None:
    session = S0Session(1, 2, s0_keys(_KEYS[SecurityClass.S0]), _dice())
    session.encrypt(b"\x62\x02", 0.0)
    for number, piece in enumerate(_pieces(data)):
        with suppress(Garbled):
            session.receive(b"\x98" + piece, number * 0.4)


def joining(data: bytes) -> None:
    with suppress(Garbled):
        kex_frames.decode(data)
    with suppress(Garbled):
        s2_frames.decode(data)


def transport(data: bytes) -> None:
    pieces = Reassembly()
    for number, piece in enumerate(_pieces(data)):
        with suppress(Garbled):
            pieces.receive(piece, number * 0.3)
        pieces.late(number * 0.3 + 0.2)


def label(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    with suppress(Garbled):
        qr.parse(text)
    with suppress(Garbled):
        qr.parse("90" + text)
    with suppress(Garbled):
        Dsk.parse(text)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (line, commands, s2, s0, joining, transport, label)
}


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
