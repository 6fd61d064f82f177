"""Bytes as other programs and locks send them, and what they mean. Recorded between zwave-js and its mock controller
unless another source is named."""

from __future__ import annotations

import pytest

from drivers.zwave.cc import (
    association,
    basic,
    battery,
    configuration,
    decode,
    door_lock,
    manufacturer_specific,
    notification,
    supervision,
    user_code,
    user_credential,
    version,
    zwaveplus_info,
)
from drivers.zwave.cc.codec import Command, serialize
from drivers.zwave.cc.door_lock import Heading, Mode
from drivers.zwave.cc.notification import Happening
from drivers.zwave.cc.user_code import Entry, Status
from hub.errors import Garbled

SENT: list[tuple[Command, str]] = [
    (user_code.Set(1, Status.ENABLED, b"1234"), "6301010131323334"),
    (user_code.Set(4, Status.AVAILABLE, user_code.CLEARED), "63010400" + "00000000"),
    (user_code.Get(1), "630201"),
    (user_code.UsersNumberGet(), "6304"),
    (user_code.ExtendedSet((Entry(300, Status.ENABLED, b"123456"),)), "630b01012c0106313233343536"),
    (user_code.ExtendedSet((Entry(2, Status.AVAILABLE),)), "630b0100020000"),
    (user_code.ExtendedGet(300), "630c012c00"),
    (door_lock.OperationSet(Mode.SECURED), "6201ff"),
    (door_lock.OperationGet(), "6202"),
    (door_lock.CapabilitiesGet(), "6207"),
    (battery.Get(), "8002"),
    (version.Get(), "8611"),
    (version.CommandClassGet(0x63), "861363"),
    (manufacturer_specific.Get(), "7204"),
    (notification.EventSupportedGet(notification.ACCESS_CONTROL), "710106"),
    (supervision.Get(1, bytes.fromhex("6301010131323334"), updates=True), "6c018108" + "6301010131323334"),
    (supervision.Report(5, supervision.Status.SUCCESS), "6c0205ff00"),
    (association.Get(1), "850201"),
    (association.Set(1, (1,)), "85010101"),
    (configuration.Get(16), "700510"),
    (user_credential.UserCapabilitiesGet(), "8301"),
]

RECEIVED: list[tuple[str, Command]] = [
    ("6303010131323334", user_code.Report(1, Status.ENABLED, b"1234")),
    ("63030200", user_code.Report(2, Status.AVAILABLE)),
    ("63031ffe", user_code.Report(31, Status.NOT_AVAILABLE)),
    ("63051e", user_code.UsersNumberReport(30)),
    ("6305ff012c", user_code.UsersNumberReport(300, wide=True)),
    ("630d01012c0104313233340000", user_code.ExtendedReport((Entry(300, Status.ENABLED, b"1234"),))),
    ("6203ff0002fefe", door_lock.OperationReport(Mode.SECURED, 0, 2, (0xFE, 0xFE))),
    ("6203000002fefeff03", door_lock.OperationReport(Mode.UNSECURED, 0, 2, (254, 254), Heading(Mode.SECURED, 3))),
    ("62080102020" + "0ff000000", door_lock.CapabilitiesReport(frozenset({1}), (0, 255), 0, 0, 0)),
    ("80035a", battery.Report(90)),
    ("8003ff", battery.Report(None)),
    ("80030a0100", battery.Report(10, battery.State(battery.Recharge.SOON))),
    ("86120307110100", version.Report(3, (7, 17), (1, 0))),
    ("86146302", version.CommandClassReport(0x63, 2)),
    ("7205003b00010469", manufacturer_specific.Report(0x3B, 0x0001, 0x0469)),
    ("71020602660" + "0", notification.EventSupportedReport(6, frozenset({1, 2, 5, 6}))),
    ("7105000000ff060603630303", notification.Report(0, 0, Happening(6, 6, bytes.fromhex("630303")))),
    ("7105000000ff0b0981052a" + "07", notification.Report(0, 0, Happening(0x0B, 9, b"\x05", sequence=0x2A))),
    ("71051303", notification.Report(0x13, 3)),
    ("71051303000000000000", notification.Report(0x13, 3, Happening(0, 0, status=0))),
    ("6c0201ff00", supervision.Report(1, supervision.Status.SUCCESS)),
    ("6c02810105", supervision.Report(1, supervision.Status.WORKING, 5, more=True)),
    ("85030105000102", association.Report(1, 5, 0, (1, 2))),
    ("700610010" + "4", configuration.Report(16, 4)),
    ("70060302ff9c", configuration.Report(3, -100, 2)),
    ("5e02020507" + "03000300", zwaveplus_info.Report(2, 5, 7, 0x0300, 0x0300)),
    ("2003ff", basic.Report(0xFF)),
    ("8302001402000001" + "01", user_credential.UserCapabilitiesReport(20)),
]

GARBLED = [
    "63030105",  # a status that does not exist
    "630301",
    "630b02",
    "630d010001010a3132",  # a code of ten digits of which two came
    "620312000000fe",  # a mode that does not exist
    "6203ff0002fe",
    "62080f01",
    "800365",  # 101 %
    "8003fe",
    "8003",
    "861201",
    "720500",
    "7105",
    "71050000" + "00ff0606" + "1f6303",  # 31 bytes of parameters of which two came
    "7105000000ff060681aa",  # a sequence number that is missing
    "6c0201aa00",
    "6c0101ff6301",
    "700610030000",  # a setting of three bytes
    "7006100400",
    "8503",
    "8302",
    "5e0201",
]


@pytest.mark.parametrize(("command", "wire"), SENT, ids=lambda each: each if isinstance(each, str) else "")
def test_a_command_looks_as_it_must(command: Command, wire: str) -> None:
    assert serialize(command).hex() == wire
    assert decode(bytes.fromhex(wire)) == command


@pytest.mark.parametrize(("wire", "command"), RECEIVED, ids=lambda each: each if isinstance(each, str) else "")
def test_a_report_means_what_it_says(wire: str, command: Command) -> None:
    assert decode(bytes.fromhex(wire)) == command


@pytest.mark.parametrize("wire", GARBLED)
def test_what_breaks_its_own_rules_is_garbled(wire: str) -> None:
    with pytest.raises(Garbled):
        decode(bytes.fromhex(wire))


def test_bytes_of_later_versions_are_passed_over() -> None:
    assert decode(bytes.fromhex("861203071101000101020399")) == version.Report(3, (7, 17), (1, 0), 1, ((2, 3),))
    assert decode(bytes.fromhex("80035a000099")) == battery.Report(90, battery.State())


@pytest.mark.parametrize(
    ("report", "low"),
    [
        (battery.Report(None), True),
        (battery.Report(50), False),
        (battery.Report(50, battery.State(battery.Recharge.NO)), False),
        (battery.Report(50, battery.State(battery.Recharge.SOON)), True),
        (battery.Report(50, battery.State(battery.Recharge.NOW)), True),
    ],
)
def test_a_battery_is_low_when_the_lock_says_so(report: battery.Report, low: bool) -> None:
    assert report.low is low


@pytest.mark.parametrize(
    ("heading", "moving"),
    [
        (None, False),
        (Heading(Mode.SECURED, 0), False),
        (Heading(Mode.SECURED, 3), True),
        (Heading(Mode.UNSECURED, 0xFE), False),
    ],
)
def test_a_bolt_is_moving_while_it_is_not_where_it_is_going(heading: Heading | None, moving: bool) -> None:
    assert door_lock.OperationReport(Mode.UNSECURED, heading=heading).moving is moving


@pytest.mark.parametrize(
    "command",
    [
        user_code.Set(1, Status.ENABLED, b"4711"),
        user_code.Report(1, Status.ENABLED, b"4711"),
        user_code.ExtendedSet((Entry(1, Status.ENABLED, b"4711"),)),
        user_code.ExtendedReport((Entry(1, Status.ENABLED, b"4711"),)),
        supervision.Get(1, bytes.fromhex("63010101") + b"4711"),
        notification.Report(0, 0, Happening(6, 6, b"c\x03\x01\x014711")),
    ],
)
def test_no_repr_shows_a_code(command: Command) -> None:
    assert "4711" not in repr(command)
