from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave import network_functions as nf
from drivers.zwave.frame import Frame
from drivers.zwave.functions import Call, NodeInfo
from drivers.zwave.network_functions import Notice, Replaced, Status, called_back, replaced, why_not
from hub.errors import Garbled

CALLS = [
    (nf.add_node(), 0x4A, "c1" + "43"),
    (
        nf.add_prepared_node(bytes.fromhex("c1020304"), bytes.fromhex("05060709")),
        0x4A,
        "c8" + "43" + "c1020304" + "05060709",
    ),
    (nf.stop_adding(), 0x4A, "c5" + "43"),
    (nf.leave_adding(), 0x4A, "c5" + "00"),
    (nf.await_prepared(), 0x4A, "49" + "00"),
    (nf.remove_node(), 0x4B, "c1" + "43"),
    (nf.stop_removing(), 0x4B, "c5" + "43"),
    (nf.leave_removing(), 0x4B, "c5" + "00"),
    (nf.remove_failed_node(7), 0x61, "07" + "43"),
    (nf.is_failed_node(7), 0x62, "07"),
    (nf.replace_failed_node(7), 0x63, "07" + "43"),
    (nf.assign_suc_return_route(7), 0x51, "07" + "43"),
    (nf.delete_suc_return_route(7), 0x55, "07" + "43"),
    (nf.become_suc(1), 0x54, "0101000100"),
    (nf.send_unacknowledged(1, 7, b"\x9f\x0c\x02", bridge=False), 0x13, "07039f0c02" + "00" + "43"),
    (nf.send_unacknowledged(1, 7, b"\x9f\x0c\x02", bridge=True), 0xA9, "0107039f0c02" + "00" + "00000000" + "43"),
]


@pytest.mark.parametrize(("call", "function", "payload"), CALLS)
def test_calls_are_laid_out_as_the_documents_say(call: Call, function: int, payload: str) -> None:
    assert (call.function, call.payload(0x43).hex()) == (function, payload)


def test_the_time_for_adding_grows_with_the_network() -> None:
    assert nf.add_node_timeout(0, 0) == 76.0
    assert nf.add_node_timeout(3, 2) == pytest.approx(76.0 + 0.651 + 7.034)
    assert nf.add_node_timeout(1, 0, nodes=1) == pytest.approx(76.949)


NOTICES = [
    ("01", Notice(Status.READY)),
    ("02", Notice(Status.FOUND)),
    ("0307 05 044003 5e9f", Notice(Status.DEVICE, 7, NodeInfo(0x40, 3, frozenset({0x5E, 0x9F})))),
    ("040700", Notice(Status.CONTROLLER, 7)),
    ("050000", Notice(Status.PROTOCOL_DONE)),
    ("0607", Notice(Status.DONE, 7)),
    ("070000", Notice(Status.FAILED)),
    ("23", Notice(Status.NOT_PRIMARY)),
]


@pytest.mark.parametrize(("payload", "notice"), NOTICES)
def test_how_far_it_is(payload: str, notice: Notice) -> None:
    assert Notice.decode(bytes.fromhex(payload)) == notice


@given(st.binary(max_size=60))
def test_any_callback_is_understood_or_garbled(payload: bytes) -> None:
    with suppress(Garbled):
        Notice.decode(payload)
    with suppress(Garbled):
        assert isinstance(replaced(payload), Replaced)


def test_reasons_against_replacing_are_given_in_words() -> None:
    assert "not count the device as failed" in why_not(b"\x08")
    assert why_not(b"\x28").count(";") >= 2
    assert why_not(b"\x80") == why_not(b"") == "the stick does not say why"


def test_only_callbacks_of_our_own_call_are_ours() -> None:
    assert called_back(Frame(0x4A, b"\x43\x02"), nf.ADD_NODE, 0x43) == b"\x02"
    assert called_back(Frame(0x4A, b"\x44\x02"), nf.ADD_NODE, 0x43) is None
    assert called_back(Frame(0x4B, b"\x43\x02"), nf.ADD_NODE, 0x43) is None
