from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.frames import Data, Reader, Sign, encode
from tests.drivers.simulator.world import unit

datas = st.builds(Data, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=252))
signs = st.sampled_from([Sign.ACK, Sign.NAK, Sign.CAN])


def on_the_wire(each: Sign | Data) -> bytes:
    return encode(each) if isinstance(each, Data) else bytes([each.value])


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (Data(0, 0x15, b""), "01030015e9"),
        (Data(1, 0x13, b"\x01"), "0104011301e8"),
        (Data(0, 0x13, bytes.fromhex("4300")), "010500134300aa"),
        (Data(0, 0x13, bytes.fromhex("020863010101313233342543")), "010f0013020863010101313233342543e9"),
        (Data(0, 0x04, bytes.fromhex("0002086303010131323334")), "010e000400020863030101313233349b"),
    ],
)
def test_frames_are_as_they_were_seen_on_a_real_line(data: Data, wire: str) -> None:
    assert encode(data).hex() == wire
    assert list(Reader().feed(bytes.fromhex(wire), 0)) == [data]


@given(st.lists(datas | signs, max_size=6), st.data())
def test_whatever_is_written_is_read_however_it_is_cut(units: list[Data | Sign], draw: st.DataObject) -> None:
    wire = b"".join(map(on_the_wire, units))
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(wire)), max_size=5)))
    reader, read = Reader(), []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        read += list(reader.feed(wire[start:end], 0))
    assert read == units


@given(datas, st.binary(max_size=20))
def test_a_frame_after_garbage_is_read(data: Data, garbage: bytes) -> None:
    noise = bytes(byte for byte in garbage if byte not in (0x01, 0x06, 0x15, 0x18))
    assert list(Reader().feed(noise + encode(data), 0)) == [data]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_signs_and_frames_and_nothing_else(noise: bytes) -> None:
    for found in Reader().feed(noise, 0):
        assert isinstance(found, Data | Sign)


def test_a_wrong_checksum_is_a_broken_frame_and_the_next_one_is_read() -> None:
    good = unit(0x15, b"").hex()
    assert list(Reader().feed(bytes.fromhex("01030015e8" + good), 0)) == [Sign.BROKEN, Data(0, 0x15, b"")]


def test_a_length_that_no_frame_has_is_a_broken_frame() -> None:
    assert list(Reader().feed(bytes.fromhex("010206"), 0)) == [Sign.BROKEN, Sign.ACK]


def test_half_a_frame_is_forgotten_after_a_second_and_a_half() -> None:
    reader = Reader()
    assert list(reader.feed(bytes.fromhex("0103"), 10.0)) == []
    assert reader.deadline() == 11.5
    assert list(reader.feed(bytes.fromhex("01030015e9"), 11.5)) == [Data(0, 0x15, b"")]


def test_the_second_half_counts_if_it_comes_in_time() -> None:
    reader = Reader()
    list(reader.feed(bytes.fromhex("0103"), 10.0))
    assert list(reader.feed(bytes.fromhex("0015e9"), 11.4)) == [Data(0, 0x15, b"")]
    assert reader.deadline() is None
