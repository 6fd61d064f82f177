"""Frames against INS12350, and against bytes recorded between other programs (zwave-js's mock controller and pyserial)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.frame import Control, Damage, Deframer, Frame, Unit, parse, serialize
from hub.errors import Garbled

RECORDED = [
    ("01030015e9", Frame(0x15)),
    ("011301155a2d5761766520372e31372e39390001ba", Frame(0x15, b"Z-Wave 7.17.99\0\x01", response=True)),
    ("01030002fe", Frame(0x02)),
    ("010f0013020863010101313233342543e9", Frame(0x13, bytes.fromhex("020863010101313233342543"))),
    ("0104011301e8", Frame(0x13, b"\x01", response=True)),
    ("010500134300aa", Frame(0x13, b"\x43\x00")),
    ("010a001302036302012544e6", Frame(0x13, bytes.fromhex("02036302012544"))),
    ("010500134400ad", Frame(0x13, b"\x44\x00")),
    ("010e000400020863030101313233349b", Frame(0x04, bytes.fromhex("0002086303010131323334"))),
    ("0111004984020b0440035e72866c806263715b", Frame(0x49, bytes.fromhex("84020b0440035e72866c80626371"))),
]
FRAMES = st.builds(Frame, st.integers(0, 255), st.binary(max_size=252), response=st.booleans())


def units(data: bytes, *, cut: int = 1 << 16) -> list[Unit]:
    deframer = Deframer()
    return [unit for at in range(0, len(data), cut) for unit in deframer.receive(data[at : at + cut], 0.0)]


@pytest.mark.parametrize(("wire", "frame"), RECORDED, ids=lambda each: each if isinstance(each, str) else "")
def test_recorded_bytes_are_understood_and_written_alike(wire: str, frame: Frame) -> None:
    assert parse(bytes.fromhex(wire)) == frame
    assert serialize(frame) == bytes.fromhex(wire)


@given(FRAMES)
def test_what_is_written_is_read_back(frame: Frame) -> None:
    assert parse(serialize(frame)) == frame


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_garbled(data: bytes) -> None:
    with suppress(Garbled):
        parse(data)


@given(st.binary(max_size=600), st.integers(1, 40))
def test_no_bytes_break_the_deframer(data: bytes, cut: int) -> None:
    assert all(isinstance(unit, Control | Frame | Damage) for unit in units(data, cut=cut))


@given(st.lists(FRAMES | st.sampled_from(Control), max_size=6), st.integers(1, 64))
def test_frames_survive_being_split_and_joined(sent: list[Frame | Control], cut: int) -> None:
    stream = b"".join(serialize(unit) if isinstance(unit, Frame) else bytes((unit.value,)) for unit in sent)
    assert units(stream, cut=cut) == sent


NOISE = st.binary(max_size=20).map(lambda data: data.translate(None, bytes((0x01, 0x06, 0x15, 0x18))))


@given(NOISE, FRAMES, NOISE)
def test_noise_between_frames_is_passed_over(before: bytes, frame: Frame, after: bytes) -> None:
    assert [unit for unit in units(before + serialize(frame) + after) if unit is not Damage.NOISE] == [frame]


MALFORMED = [
    *(f"{byte:02x}" for byte in (0x00, 0x02, 0x05, 0x07, 0x14, 0x16, 0x17, 0x19, 0x20, 0x41, 0x7F, 0x80, 0xFE, 0xFF)),
    "0100",  # a length that does not even count the type
    "0101",
    "0102",
    "010002",
    "01030015e8",  # checksum one bit off
    "01030014e9",  # function one bit off
    "01030115e9",  # type one bit off
    "01030215eb",  # reserved type with a right checksum
    "0103ff1516",
    "01040015e9ee",  # length too long by one
    "010f0013020863010101313233342543e8",
    "010f0013020863010101313233352543e9",  # one digit of a code off
    "0104011301e7",
    "010500134300ab",
    "011301155a2d5761766520372e31372e39390001bb",
    "0111004984020b0440035e72866c806263705b",
    "01030015",  # nothing after it
    "01",
    "01ff",
    "01ff0013" + "00" * 40,
    "a5" * 64,
    "303030300d0a",  # a modem speaks
    "0d0a474543 4b4f".replace(" ", ""),  # a bootloader's prompt
]


@pytest.mark.parametrize("wire", MALFORMED)
def test_malformed_bytes_are_no_frame_and_the_next_one_is_found(wire: str) -> None:
    """However a stream is broken, nothing is taken for a frame, and after a pause everything is as if it had not been."""
    deframer = Deframer()
    broken = list(deframer.receive(bytes.fromhex(wire), 0.0))
    assert [unit for unit in broken if not isinstance(unit, Damage)] == []

    after = list(deframer.receive(bytes.fromhex("01030015e9"), 1.5))
    assert after[-1] == Frame(0x15)
    assert broken or after[0] is Damage.CUT_SHORT


def test_there_are_enough_malformed_streams() -> None:
    assert len(MALFORMED) >= 30


def test_a_frame_may_take_a_second_and_a_half_and_no_longer() -> None:
    deframer = Deframer()
    assert list(deframer.receive(bytes.fromhex("010300"), 10.0)) == []
    assert deframer.deadline() == 11.5
    assert list(deframer.timeout(11.4)) == []
    assert list(deframer.timeout(11.5)) == [Damage.CUT_SHORT]
    assert deframer.deadline() is None
    assert list(deframer.receive(bytes.fromhex("01030015e9"), 11.6)) == [Frame(0x15)]


def test_control_bytes_inside_a_damaged_frame_are_not_believed() -> None:
    """Its payload holds ACK, NAK and CAN; with a wrong checksum it is one damaged frame, not three answers."""
    assert units(bytes.fromhex("0106000406151800")) == [Damage.CHECKSUM]


def test_a_length_that_is_none_gives_the_start_of_frame_back() -> None:
    assert units(bytes.fromhex("0101030015e9")) == [Damage.NOISE, Frame(0x15)]


def test_the_payload_stays_out_of_the_repr() -> None:
    assert "1234" not in repr(Frame(0x13, b"1234"))
