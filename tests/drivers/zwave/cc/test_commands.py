"""What holds of every command class: it reads what it writes, and bytes from a stranger are understood or garbled."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.zwave.cc import (
    COMMANDS,
    Unknown,
    association,
    basic,
    battery,
    configuration,
    decode,
    door_lock,
    manufacturer_specific,
    notification,
    security,
    supervision,
    user_code,
    version,
    zwaveplus_info,
)
from drivers.zwave.cc.codec import Command, serialize
from hub.errors import Garbled
from tests.drivers.zwave.cc.strategies import LOCK_CLASSES

byte = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
pair = st.tuples(byte, byte)
modes = st.sampled_from(door_lock.Mode)
statuses = st.sampled_from(user_code.Status)
codes = st.binary(max_size=10)
entries = st.lists(st.builds(user_code.Entry, word, statuses, codes), max_size=4).map(tuple)
bits = st.frozensets(st.integers(0, 31 * 8 - 1))
plain_classes = st.frozensets(st.integers(0, 0xEE))
nodes = st.lists(byte, max_size=5).map(tuple)
happenings = st.builds(
    notification.Happening, byte, byte, st.binary(max_size=31), st.none() | byte, st.sampled_from([0x00, 0xFF])
)
parameters = st.sampled_from([1, 2, 4]).flatmap(
    lambda size: st.builds(
        configuration.Report, byte, st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1), st.just(size)
    )
)

STRATEGIES: dict[type[Command], st.SearchStrategy[Command]] = {
    association.Set: st.builds(association.Set, byte, nodes),
    association.Get: st.builds(association.Get, byte),
    association.Report: st.builds(association.Report, byte, byte, byte, nodes),
    basic.Set: st.builds(basic.Set, byte),
    basic.Report: st.builds(basic.Report, byte),
    battery.Get: st.builds(battery.Get),
    configuration.Get: st.builds(configuration.Get, byte),
    configuration.Report: parameters,
    door_lock.OperationSet: st.builds(door_lock.OperationSet, modes),
    door_lock.OperationGet: st.builds(door_lock.OperationGet),
    door_lock.OperationReport: st.builds(
        door_lock.OperationReport, modes, byte, byte, pair, st.none() | st.builds(door_lock.Heading, modes, byte)
    ),
    door_lock.CapabilitiesGet: st.builds(door_lock.CapabilitiesGet),
    door_lock.CapabilitiesReport: st.builds(door_lock.CapabilitiesReport, bits, nodes, byte, byte, byte),
    manufacturer_specific.Get: st.builds(manufacturer_specific.Get),
    manufacturer_specific.Report: st.builds(manufacturer_specific.Report, word, word, word),
    notification.EventSupportedGet: st.builds(notification.EventSupportedGet, byte),
    notification.EventSupportedReport: st.builds(notification.EventSupportedReport, byte, bits),
    notification.Report: st.builds(notification.Report, byte, byte, st.none() | happenings),
    supervision.Get: st.builds(
        supervision.Get, st.integers(0, supervision.SESSIONS), st.binary(max_size=40), st.booleans()
    ),
    supervision.Report: st.builds(
        supervision.Report,
        st.integers(0, supervision.SESSIONS),
        st.sampled_from(supervision.Status),
        byte,
        st.booleans(),
    ),
    user_code.Set: st.builds(user_code.Set, byte, statuses, codes),
    user_code.Get: st.builds(user_code.Get, byte),
    user_code.Report: st.builds(user_code.Report, byte, statuses, codes),
    user_code.UsersNumberGet: st.builds(user_code.UsersNumberGet),
    user_code.UsersNumberReport: st.builds(user_code.UsersNumberReport, byte, st.just(value=False))
    | st.builds(user_code.UsersNumberReport, word, st.just(value=True)),
    user_code.CapabilitiesGet: st.builds(user_code.CapabilitiesGet),
    user_code.CapabilitiesReport: st.builds(
        user_code.CapabilitiesReport, bits, bits, bits, st.sampled_from([0, 0x80, 0xE0]), st.sampled_from([0, 0x60])
    ),
    user_code.ExtendedSet: st.builds(user_code.ExtendedSet, entries),
    user_code.ExtendedGet: st.builds(user_code.ExtendedGet, word, st.booleans()),
    user_code.ExtendedReport: st.builds(user_code.ExtendedReport, entries, word),
    version.Get: st.builds(version.Get),
    version.CommandClassGet: st.builds(version.CommandClassGet, byte),
    version.CommandClassReport: st.builds(version.CommandClassReport, byte, byte),
    security.S0SupportedGet: st.builds(security.S0SupportedGet),
    security.S0SupportedReport: st.builds(security.S0SupportedReport, plain_classes, byte),
    security.S2SupportedGet: st.builds(security.S2SupportedGet),
    security.S2SupportedReport: st.builds(security.S2SupportedReport, plain_classes),
    zwaveplus_info.Get: st.builds(zwaveplus_info.Get),
    zwaveplus_info.Report: st.builds(zwaveplus_info.Report, byte, byte, byte, word, word),
    **LOCK_CLASSES,
}


@pytest.mark.parametrize(
    "kind", list(STRATEGIES), ids=lambda kind: f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: type[Command], data: st.DataObject) -> None:
    command = data.draw(STRATEGIES[kind])
    assert decode(serialize(command)) == command


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=60))
def test_any_body_is_understood_or_garbled(key: tuple[int, int], body: bytes) -> None:
    with suppress(Garbled):
        assert isinstance(decode(bytes(key) + body), COMMANDS[key])


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=60))
def test_what_was_understood_can_be_said_again(key: tuple[int, int], body: bytes) -> None:
    with suppress(Garbled):
        understood = decode(bytes(key) + body)
        assert not isinstance(understood, Unknown)
        assert decode(serialize(understood)) == understood


@given(st.binary(max_size=60))
def test_any_bytes_are_understood_unknown_or_garbled(data: bytes) -> None:
    with suppress(Garbled):
        decode(data)


@given(st.one_of(list(STRATEGIES.values())), st.data())
def test_a_command_cut_short_is_garbled_or_a_shorter_one_of_its_kind(command: Command, data: st.DataObject) -> None:
    whole = serialize(command)
    with suppress(Garbled):
        assert isinstance(decode(whole[: data.draw(st.integers(2, len(whole)))]), type(command))


def test_every_command_has_its_test_and_its_own_number() -> None:
    assert set(STRATEGIES) == set(COMMANDS.values())
    assert all(key == command.KEY for key, command in COMMANDS.items())


@pytest.mark.parametrize(
    ("data", "expected"), [("", None), ("00", Unknown(0, 0)), ("9f01ff", Unknown(0x9F, 1, b"\xff"))]
)
def test_what_nobody_here_speaks_is_unknown(data: str, expected: Unknown | None) -> None:
    if expected is None:
        with pytest.raises(Garbled):
            decode(bytes.fromhex(data))
    else:
        assert decode(bytes.fromhex(data)) == expected


@given(st.sampled_from([user_code.Set.KEY, user_code.Report.KEY]), byte, codes)
def test_no_error_repeats_what_may_be_a_code(key: tuple[int, int], status: int, code: bytes) -> None:
    try:
        decode(bytes((*key, 1, status)) + code)
    except Garbled as error:
        told = f"{error} {error.sample}"
    else:
        told = ""
    assert code.decode("latin-1") not in told or len(code) < 4
