from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security.s2_frames import Encapsulation, NonceGet, NonceReport, associated, decode
from hub.errors import Garbled

ENTROPY = bytes(range(16))
SEALED = bytes(10)


def message(flags: int, extensions: bytes = b"") -> bytes:
    return bytes((0x9F, 0x03, 7, flags)) + extensions + SEALED


def test_a_nonce_is_asked_for_and_given() -> None:
    assert decode(bytes.fromhex("9f01c8")) == NonceGet(0xC8)
    for report in (NonceReport(1, ENTROPY), NonceReport(2, multicast_lost=True), NonceReport(3, ENTROPY, True)):
        assert decode(report.serialize()) == report


def test_a_nonce_report_that_reports_nothing_is_garbled() -> None:
    with pytest.raises(Garbled):
        decode(bytes.fromhex("9f020100"))


def test_a_message_without_extensions() -> None:
    decoded = decode(message(0))
    assert isinstance(decoded, Encapsulation)
    assert (decoded.seq, decoded.head, decoded.sealed, decoded.length) == (7, b"\x07\x00", SEALED, 14)


def test_the_senders_entropy_and_the_group_are_found() -> None:
    span, group = bytes((18, 0xC1)) + ENTROPY, bytes((3, 0x43, 9))
    decoded = decode(message(1, span + group))
    assert isinstance(decoded, Encapsulation)
    assert (decoded.extensions.sender_entropy, decoded.extensions.group) == (ENTROPY, 9)
    assert decoded.head == bytes((7, 1)) + span + group


@pytest.mark.parametrize(
    ("extension", "critical"),
    [("027f", True), ("0345aa", True), ("0205", False), ("0305aa", False)],
)
def test_an_unknown_extension_matters_only_when_it_is_critical(extension: str, critical: bool) -> None:
    decoded = decode(message(1, bytes.fromhex(extension)))
    assert isinstance(decoded, Encapsulation)
    assert decoded.extensions.unknown_critical is critical


def test_a_known_extension_of_the_wrong_length_or_in_the_wrong_place_is_passed_over() -> None:
    for extension in (bytes((17, 0x41)) + ENTROPY[:15], bytes((19, 0x42, 1)) + ENTROPY, b"\x03\x44\x00"):
        decoded = decode(message(1, extension))
        assert isinstance(decoded, Encapsulation)
        assert decoded.extensions == decode(message(0)).extensions  # type: ignore[union-attr]


def test_what_is_authenticated_is_laid_out_as_specified() -> None:
    assert associated(0xC0FFEE01, (1, 2), 0x0123, b"\x07\x00").hex() == "0102c0ffee0101230700"


@pytest.mark.parametrize(
    "frame", ["", "9f", "9f01", "9802", "9f0301", "9f030100" + "00" * 7, "9f03010101", "9f0301010041", "9f02010100"]
)
def test_what_is_cut_short_is_garbled(frame: str) -> None:
    with pytest.raises(Garbled):
        decode(bytes.fromhex(frame))


def test_other_commands_of_the_class_are_left_to_others() -> None:
    assert decode(bytes.fromhex("9f04")) is None


@given(st.binary(max_size=80), st.sampled_from([b"", b"\x9f", b"\x9f\x02", b"\x9f\x03", b"\x9f\x03\x01\x01"]))
def test_noise_raises_nothing_but_garbled(noise: bytes, start: bytes) -> None:
    try:
        decode(start + noise)
    except Garbled:
        return
