"""Calls and answers of the Serial API, as recorded between zwave-js and its mock controller unless said otherwise."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave import functions
from drivers.zwave.frame import Frame
from drivers.zwave.functions import (
    ApplicationCommand,
    Capabilities,
    Identity,
    InitData,
    NodeInfo,
    ProtocolInfo,
    ProtocolVersion,
    Started,
    Transmitted,
    Update,
    UpdateStatus,
    decode_unsolicited,
)
from hub.errors import Garbled


def test_the_capabilities_list_the_functions() -> None:
    payload = "0100fffffffffffe" + "12001c8000000000010611800000000000000000000500000000000000000000"
    capabilities = Capabilities.decode(bytes.fromhex(payload))
    assert {0x02, 0x05, 0x13, 0x15, 0x20, 0x41, 0x60, 0xA9, 0xAB} <= capabilities.functions
    assert functions.SEND_DATA_ABORT not in capabilities.functions


def test_the_node_list_is_a_bit_mask_from_1() -> None:
    payload = bytes.fromhex("09081d" + "1f" + "00" * 27 + "80" + "0700")
    assert InitData.decode(payload).nodes == {1, 2, 3, 4, 5, 232}


def test_the_version_ends_at_its_zero() -> None:
    assert ProtocolVersion.decode(b"Z-Wave 7.17\0\x01") == ProtocolVersion("Z-Wave 7.17")


def test_the_identity_is_a_network_and_a_node() -> None:
    assert Identity.decode(bytes.fromhex("c0ffee0101")) == Identity("c0ffee01", 1)


@pytest.mark.parametrize(
    ("payload", "info"),
    [
        ("db9c01044003", ProtocolInfo(listening=True, beamed=False, generic=0x40, specific=3)),
        ("5bdd01044003", ProtocolInfo(listening=False, beamed=True, generic=0x40, specific=3)),
        ("5b9d01041001", ProtocolInfo(listening=False, beamed=False, generic=0x10, specific=1)),
        ("000000000000", ProtocolInfo(listening=False, beamed=False, generic=0, specific=0)),
    ],
)
def test_the_stick_remembers_how_a_node_listens_and_what_it_is(payload: str, info: ProtocolInfo) -> None:
    assert ProtocolInfo.decode(bytes.fromhex(payload)) == info


def test_a_transmission_carries_node_length_command_options_and_callback_id() -> None:
    call = functions.send_data(2, bytes.fromhex("6301010131323334"))
    assert call.payload(0x43).hex() == "0208630101013132333425" + "43"


def test_a_bridge_wants_to_know_the_sender_and_takes_a_route() -> None:
    call = functions.send_data_bridge(1, 2, bytes.fromhex("7204"))
    assert call.payload(0x0A).hex() == "0102027204" + "25" + "00000000" + "0a"


def test_a_call_shows_no_parameters() -> None:
    assert "4711" not in repr(functions.send_data(2, b"4711"))


@pytest.mark.parametrize(
    ("status", "outcome"), [("00", Transmitted.OK), ("01", Transmitted.NO_ACK), ("04", Transmitted.NO_ROUTE)]
)
def test_the_outcome_of_a_transmission(status: str, outcome: Transmitted) -> None:
    assert Transmitted.decode(bytes.fromhex(status + "0012")) is outcome


def test_an_outcome_that_does_not_exist_is_garbled() -> None:
    with pytest.raises(Garbled):
        Transmitted.decode(b"\x63")


UNSOLICITED = [
    (0x04, "00020a6303010131323334" + "0000", ApplicationCommand(2, bytes.fromhex("63030101313233340000"))),
    (0x04, "0002056203ff000200", ApplicationCommand(2, bytes.fromhex("6203ff0002"))),
    (0x04, "0402056203ff000200", ApplicationCommand(2, bytes.fromhex("6203ff0002"), everybody=True)),
    (0x04, "0802056203ff000200", ApplicationCommand(2, bytes.fromhex("6203ff0002"), everybody=True)),
    (0x04, "1002056203ff000200", ApplicationCommand(2, bytes.fromhex("6203ff0002"))),
    (0xA8, "000102036303" + "0100", ApplicationCommand(2, bytes.fromhex("630301"))),
    (
        0x49,
        "84020b0440035e72866c80626371",
        Update(UpdateStatus.NODE_INFO, 2, NodeInfo(0x40, 3, frozenset(bytes.fromhex("5e72866c80626371")))),
    ),
    (0x49, "810000", Update(UpdateStatus.NODE_INFO_FAILED, 0)),
    (0x49, "81", None),
    (0x49, "200700", Update(UpdateStatus.REMOVED, 7)),
    (0x49, "4007030440" + "03", Update(UpdateStatus.ADDED, 7, NodeInfo(0x40, 3, frozenset()))),
    (0x49, "ee0700", None),
    (0x49, "850000c0ffee020502044003", Update(UpdateStatus.SMART_START, 0, joining_home=bytes.fromhex("c0ffee02"))),
    (0x49, "850040c0ffee020502044003", Update(UpdateStatus.SMART_START, 0, joining_home=bytes.fromhex("c0ffee02"))),
    (0x49, "850000c0ffee", None),
    (0x0A, "07000102010000", Started()),
    (0x04, "0002", None),
    (0x04, "000209ff", None),
]


@pytest.mark.parametrize("status", ["40", "80"])
def test_what_is_said_in_another_network_is_nobodys_business(status: str) -> None:
    assert decode_unsolicited(Frame(0x04, bytes.fromhex(status + "02056203ff000200"))) is None


@pytest.mark.parametrize(("function", "payload", "news"), UNSOLICITED)
def test_what_the_stick_says_on_its_own_account(function: int, payload: str, news: object) -> None:
    frame = Frame(function, bytes.fromhex(payload))
    if news is None:
        with pytest.raises(Garbled):
            decode_unsolicited(frame)
    else:
        assert decode_unsolicited(frame) == news


def test_functions_of_others_are_nobodys_business() -> None:
    assert decode_unsolicited(Frame(0x4A, b"\x01\x02")) is None


def test_a_description_ends_at_the_mark_and_knows_classes_of_two_bytes() -> None:
    info = NodeInfo.decode(bytes.fromhex("044003" + "62f10163" + "ef" + "2025"))
    assert info.classes == {0x62, 0xF101, 0x63}


@given(st.integers(0, 255), st.binary(max_size=80))
def test_any_frame_is_news_nobodys_business_or_garbled(function: int, payload: bytes) -> None:
    with suppress(Garbled):
        decode_unsolicited(Frame(function, payload))


@given(
    st.sampled_from([Capabilities, InitData, ProtocolVersion, Identity, ProtocolInfo, Transmitted, NodeInfo, Update]),
    st.binary(max_size=60),
)
def test_any_answer_is_understood_or_garbled(kind: type[Capabilities], payload: bytes) -> None:
    with suppress(Garbled):
        assert isinstance(kind.decode(payload), kind)
