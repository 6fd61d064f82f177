from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security import transport
from drivers.zwave.security.transport import Ask, Reassembly, Whole, crc16, decode
from hub.errors import Garbled
from tests.drivers.zwave.security.conftest import Vectors

COMMAND = bytes(range(100))


def piece(offset: int, content: bytes, *, size: int = 100, session: int = 5, extension: bytes = b"") -> bytes:
    kind = transport.SUBSEQUENT if offset else transport.FIRST
    head = bytes((0x55, kind | size >> 8, size & 0xFF))
    flags = session << 4 | (8 if extension else 0)
    head += bytes((flags | offset >> 8, offset & 0xFF)) if offset else bytes((flags,))
    head += bytes((len(extension),)) + extension if extension else b""
    return head + content + crc16(head + content).to_bytes(2, "big")


PIECES = [piece(at, COMMAND[at : at + 39]) for at in (0, 39, 78)]
COMPLETE = bytes((0x55, 0xE8, 0x50))


def request(offset: int) -> Ask:
    return Ask(bytes((0x55, 0xC8, 0x50, offset)))


def test_the_checksum_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["crc16"]:
        assert crc16(bytes.fromhex(each["msg"])) == int(each["crc"])
    assert crc16(b"123456789") == 0xE5CC  # zwave-js, core/src/util/crc.test.ts


def test_pieces_in_order_make_a_command() -> None:
    reassembly = Reassembly()
    assert [reassembly.receive(each, 0.0) for each in PIECES] == [None, None, Whole(COMMAND, COMPLETE)]
    assert reassembly.deadline is None


@given(st.permutations(PIECES * 2))
def test_pieces_in_any_order_and_doubled_make_one_command(pieces: list[bytes]) -> None:
    reassembly = Reassembly()
    answers = [reassembly.receive(each, 0.0) for each in pieces]
    assert [each for each in answers if isinstance(each, Whole)] == [Whole(COMMAND, COMPLETE)]


def test_a_gap_is_asked_for_when_the_last_piece_came() -> None:
    reassembly = Reassembly()
    reassembly.receive(PIECES[0], 0.0)
    assert reassembly.receive(PIECES[2], 0.0) == request(39)
    assert reassembly.receive(PIECES[1], 0.0) == Whole(COMMAND, COMPLETE)


def test_silence_is_asked_about_and_then_given_up() -> None:
    reassembly = Reassembly()
    reassembly.receive(PIECES[0], 0.0)
    assert reassembly.late(0.5) is None
    assert [reassembly.late(at) for at in (1.0, 2.0, 3.0)] == [request(39)] * 3
    assert reassembly.late(4.0) is None
    assert reassembly.deadline is None


def test_an_echo_of_what_is_complete_is_told_so_until_the_number_may_come_again() -> None:
    reassembly = Reassembly()
    for each in PIECES:
        reassembly.receive(each, 0.0)
    assert reassembly.receive(PIECES[0], 1.9) == Ask(COMPLETE)
    assert reassembly.receive(PIECES[0], 2.0) is None
    assert reassembly.deadline is not None


def test_another_command_replaces_what_was_begun() -> None:
    reassembly = Reassembly()
    reassembly.receive(PIECES[0], 0.0)
    assert reassembly.receive(piece(0, b"ab", size=2, session=6), 0.0) == Whole(b"ab", bytes((0x55, 0xE8, 0x60)))


def test_a_header_extension_is_passed_over() -> None:
    decoded = decode(piece(0, b"ab", size=2, extension=b"xyz"))
    assert decoded is not None
    assert decoded.content == b"ab"


def test_a_large_command_is_addressed_by_eleven_bits() -> None:
    decoded = decode(piece(0x7F0, b"end", size=0x7F3))
    assert decoded is not None
    assert (decoded.size, decoded.offset, decoded.session) == (0x7F3, 0x7F0, 5)


def test_what_others_tell_the_sender_is_not_a_piece() -> None:
    assert decode(COMPLETE) is None


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x55",
        b"\x55\xc0",
        PIECES[0][:-1],
        b"\x56" + PIECES[0][1:],
        piece(0, b""),
        piece(0, bytes(40)),
        piece(90, bytes(11)),
        piece(0, b"a", extension=b"x")[:-4] + b"\x00" * 4,
    ],
)
def test_a_damaged_piece_is_refused(frame: bytes) -> None:
    with pytest.raises(Garbled):
        decode(frame)


@given(st.lists(st.binary(max_size=60)))
def test_noise_raises_nothing_but_garbled(frames: list[bytes]) -> None:
    reassembly = Reassembly()
    for frame in frames:
        framed = b"\x55" + frame
        try:
            reassembly.receive(framed + crc16(framed).to_bytes(2, "big"), 0.0)
        except Garbled:
            continue
