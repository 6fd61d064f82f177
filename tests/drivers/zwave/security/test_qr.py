from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security.keys import SecurityClass
from drivers.zwave.security.qr import parse
from hub.errors import Garbled

# Source: the examples of the Z-Wave QR code format, as in zwave-js, core/src/qr/parse.test.ts.
DIMMER = "900132782003515253545541424344453132333435212223242500100435301537022065520001000000300578"
LOCK = (
    "9001346230075152535455414243444531323334352122232425001016387007680220655210100000017002880642"
    "002122232425414243444511121314153132333435"
)
PLAIN = "9000" + DIMMER[4:]
DSK = "51525-35455-41424-34445-31323-33435-21222-32425"


def sealed(rest: str, kind: str = "01") -> str:
    """A code with a checksum that fits."""
    return f"90{kind}{int.from_bytes(hashlib.sha1(rest.encode()).digest()[:2], 'big'):05d}{rest}"  # noqa: S324


def test_the_dimmer_of_the_specification() -> None:
    label = parse(DIMMER)
    assert label.dsk.text == DSK
    assert label.requested == {SecurityClass.S2_UNAUTHENTICATED, SecurityClass.S2_AUTHENTICATED}
    assert label.smart_start
    assert (label.generic_class, label.specific_class) == (0x11, 0x01)
    assert (label.manufacturer, label.product_type, label.product, label.version) == (0xFFF0, 0x64, 3, "2.66")


def test_the_door_lock_of_the_specification() -> None:
    label = parse(LOCK)
    assert label.dsk.text == DSK
    assert SecurityClass.S2_ACCESS_CONTROL in label.requested
    assert (label.generic_class, label.specific_class) == (0x40, 0x03)
    assert (label.manufacturer, label.product_type, label.product, label.version) == (0xFFF1, 0x3E8, 0x11, "1.32")


def test_a_device_without_smart_start() -> None:
    assert not parse(PLAIN).smart_start


def test_white_space_around_it_does_not_matter() -> None:
    assert parse(f" \t{DIMMER}\n") == parse(DIMMER)


@pytest.mark.parametrize(("mask", "long_range"), [("0601", False), ("0803003", True), ("080203", True)])
def test_long_range_is_noticed(mask: str, long_range: bool) -> None:
    body = DIMMER[9:]
    extra = mask if mask.startswith("08") else "080201"
    assert parse(sealed(body + extra)).long_range is long_range


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "900012345001",
        "90ab" + "0" * 48,
        "1100" + "0" * 48,
        "9" * 2000,
        DIMMER[:-1],
        DIMMER[:20] + "9" + DIMMER[21:],
        "900199999003090360850151462432730701509765221393752300100179303072022000881000020000900257",
        sealed(DIMMER[9:], kind="02"),
        sealed(DIMMER[9:52]),
        sealed(DIMMER[9:] + "1"),
        sealed(DIMMER[9:] + "210100"),
        sealed("999" + DIMMER[12:]),
        sealed(DIMMER[9:12] + "65536" + DIMMER[17:]),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        parse(text)


def test_what_is_unknown_but_not_critical_is_passed_over() -> None:
    assert parse(sealed(DIMMER[9:] + "2003123")) == parse(DIMMER)


@given(st.text(alphabet="0123456789", max_size=200), st.sampled_from(["00", "01"]))
def test_reading_digits_raises_nothing_but_garbled(rest: str, kind: str) -> None:
    try:
        parse(sealed(rest, kind))
    except Garbled:
        return
