"""Conversations with a stick, byte by byte: `>>` what happens to the link, `<<` what it answers, `..` time that passes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.frame import Frame, serialize
from drivers.zwave.functions import Call, get_version, request_node_info, send_data, soft_reset
from drivers.zwave.link import CROSSINGS, Answered, Event, Heard, Link, Loss, Lost
from drivers.zwave.network_functions import add_node, remove_failed_node

GET_VERSION = get_version()
SEND = send_data(2, b"\x62\x02")
ACK, NAK, CAN = "06", "15", "18"
ABORT = "01030016ea"


def wire(function: int, payload: str = "", *, response: bool = False) -> str:
    return serialize(Frame(function, bytes.fromhex(payload), response=response)).hex()


QUEUED = wire(0x13, "01", response=True)
REFUSED = wire(0x13, "00", response=True)
CALLBACK = wire(0x13, "0100")
REPORT = wire(0x04, "0002056203ff0002")
NODE_INFO = wire(0x49, "840206044003985e62")


@dataclass
class Transcript:
    """A link and the time. Each step is checked when it is taken."""

    link: Link = field(default_factory=Link)
    now: float = 100.0
    events: list[Event] = field(default_factory=list)

    def __rshift__(self, what: Call | str) -> Transcript:
        if isinstance(what, Call):
            self.link.send(what, self.now)
        else:
            self.link.receive(bytes.fromhex(what), self.now)
        return self._collect()

    def __lshift__(self, expected: str) -> Transcript:
        assert self.link.to_send().hex() == expected.replace(" ", "")
        return self

    def later(self, seconds: float) -> Transcript:
        """Let time pass as an event loop does: the link is woken at each deadline on the way."""
        end = self.now + seconds
        while (due := self.link.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.link.timeout(self.now)
        self.now = end
        return self._collect()

    def abort(self) -> Transcript:
        self.link.abort(self.now)
        return self._collect()

    def _collect(self) -> Transcript:
        while (event := self.link.next_event()) is not None:
            self.events.append(event)
        return self

    def told(self, *expected: Event) -> None:
        assert self.events == list(expected)
        self.events.clear()


@pytest.fixture
def link() -> Transcript:
    return Transcript()


VERSION_PAYLOAD = b"Z-Wave 7.17\0\x01"


def test_a_call_is_answered(link: Transcript) -> None:
    version = wire(0x15, VERSION_PAYLOAD.hex(), response=True)
    link >> GET_VERSION << "01030015e9"
    link >> ACK << ""
    link >> version << ACK
    link.told(Answered(GET_VERSION, VERSION_PAYLOAD, None))
    assert link.link.idle
    assert link.link.deadline() is None


def test_it_opens_with_a_nak(link: Transcript) -> None:
    link.link.open()
    link << NAK


def test_a_call_without_response_ends_with_its_ack(link: Transcript) -> None:
    link >> soft_reset() << wire(0x08)
    link >> ACK
    link.told(Answered(soft_reset(), b"", None))


def test_a_lost_ack_is_asked_again_after_1600_ms(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link.later(1.59) << ""
    link.later(0.01) << "01030015e9"
    link >> ACK + wire(0x15, "41", response=True) << ACK
    link.told(Answered(GET_VERSION, b"A", None))


def test_after_three_tries_the_stick_is_given_up(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link.later(1.6) << "01030015e9"
    link.later(1.6) << "01030015e9"
    link.later(1.59) << ""
    link.told()
    link.later(0.01) << ""
    link.told(Lost(GET_VERSION, Loss.NO_ACK))
    assert link.link.idle


def test_a_frame_sent_back_is_repeated_after_a_growing_pause(link: Transcript) -> None:
    """100 ms, then 1100 ms: INS12350 6.3."""
    link >> GET_VERSION << "01030015e9"
    link >> NAK << ""
    link.later(0.09) << ""
    link.later(0.01) << "01030015e9"
    link >> NAK << ""
    link.later(1.09) << ""
    link.later(0.01) << "01030015e9"
    link >> NAK << ""
    link.told(Lost(GET_VERSION, Loss.NO_ACK))


def test_a_frame_that_crossed_one_of_the_stick_is_repeated_soon_and_often(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    for _ in range(CROSSINGS):
        link >> CAN >> REPORT << ACK
        link.later(0.1) << "01030015e9"
    link >> ACK >> wire(0x15, "41", response=True) << ACK
    assert link.events[-1] == Answered(GET_VERSION, b"A", None)


def test_a_stick_that_speaks_without_end_is_busy_and_not_gone(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    for _ in range(CROSSINGS):
        link >> CAN
        link.later(0.1) << "01030015e9"
    link >> CAN << ""
    link.told(Lost(GET_VERSION, Loss.REFUSED))


def test_crossings_use_up_none_of_the_tries(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link >> CAN
    link.later(0.1) << "01030015e9"
    link.later(1.6) << "01030015e9"
    link.later(1.6) << "01030015e9"
    link.later(1.6) << ""
    link.told(Lost(GET_VERSION, Loss.NO_ACK))


def test_a_response_stands_in_for_a_lost_ack(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link >> wire(0x15, "41", response=True) << ACK
    link.told(Answered(GET_VERSION, b"A", None))
    link.later(60) << ""


def test_a_response_that_never_comes_is_not_waited_for_longer_than_ten_seconds(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link >> ACK
    link.later(9.9).told()
    link.later(0.1).told(Lost(GET_VERSION, Loss.NO_RESPONSE))


def test_a_transmission_has_response_and_callback(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK << ""
    link >> QUEUED << ACK
    link.told()
    link >> CALLBACK << ACK
    link.told(Answered(SEND, b"\x01", b"\x00"))


def test_a_callback_may_overtake_its_response(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK >> CALLBACK << ACK
    link.told()
    link >> QUEUED << ACK
    link.told(Answered(SEND, b"\x01", b"\x00"))


def test_a_report_may_overtake_the_callback(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK >> QUEUED >> REPORT << ACK + ACK
    link.told(Heard(Frame(0x04, bytes.fromhex("0002056203ff0002"))))
    link >> CALLBACK << ACK
    link.told(Answered(SEND, b"\x01", b"\x00"))


def test_a_report_may_overtake_everything(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> REPORT << ACK
    link >> ACK >> QUEUED >> CALLBACK << ACK + ACK
    link.told(Heard(Frame(0x04, bytes.fromhex("0002056203ff0002"))), Answered(SEND, b"\x01", b"\x00"))


def test_everything_may_come_in_one_piece_or_byte_by_byte(link: Transcript) -> None:
    whole = ACK + QUEUED + REPORT + CALLBACK
    expected: list[Event] = [Heard(Frame(0x04, bytes.fromhex("0002056203ff0002"))), Answered(SEND, b"\x01", b"\x00")]
    link >> SEND >> whole
    link.told(*expected)

    drop = Transcript()
    drop >> SEND
    for at in range(0, len(whole), 2):
        drop >> whole[at : at + 2]
    drop.told(*expected)


def test_a_refused_transmission_has_no_callback(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK >> REFUSED << ACK
    link.told(Answered(SEND, b"\x00", None))


def test_another_calls_callback_is_only_heard(link: Transcript) -> None:
    link >> SEND >> ACK >> QUEUED >> wire(0x13, "7700")
    link.told(Heard(Frame(0x13, b"\x77\x00")))
    link >> CALLBACK
    link.told(Answered(SEND, b"\x01", b"\x00"))


def test_callback_ids_count_from_1_to_255_and_start_again(link: Transcript) -> None:
    seen = []
    for _ in range(257):
        link >> SEND
        seen.append(link.link.to_send()[-2])
        link >> ACK >> REFUSED
        link.link.to_send()
    assert seen == [*range(1, 256), 1, 2]


def test_a_transmission_without_end_is_aborted_where_the_stick_can(link: Transcript) -> None:
    link.link.can_abort = True
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK >> QUEUED << ACK
    link.later(19.9) << ""
    link.later(0.1) << ABORT
    link >> ACK << ""
    link >> wire(0x13, "0102") << ACK
    link.told(Answered(SEND, b"\x01", b"\x02"))


def test_a_stick_that_cannot_abort_is_never_told_to(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> ACK >> QUEUED << ACK
    link.later(29.9) << ""
    link.told()
    link.later(0.1).told(Lost(SEND, Loss.NO_CALLBACK))


def test_an_aborted_transmission_that_stays_silent_is_lost(link: Transcript) -> None:
    link.link.can_abort = True
    link >> SEND >> ACK >> QUEUED
    link.later(30).told(Lost(SEND, Loss.NO_CALLBACK))
    assert link.link.idle


def test_a_call_under_way_can_be_aborted(link: Transcript) -> None:
    link.link.can_abort = True
    link >> SEND >> ACK >> QUEUED << wire(0x13, "020262022501") + ACK
    link.abort() << ABORT
    link.abort() << ""
    link >> wire(0x13, "0102")
    link.told(Answered(SEND, b"\x01", b"\x02"))


def test_a_call_aborted_before_its_response_is_stopped_as_soon_as_it_is_on_the_air(link: Transcript) -> None:
    link.link.can_abort = True
    link >> SEND << wire(0x13, "020262022501")
    link.abort() << ""
    link >> ACK << ""
    link >> QUEUED << ACK + ABORT


def test_a_call_that_waits_to_be_repeated_is_simply_withdrawn(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> CAN
    link.abort().told(Lost(SEND, Loss.WITHDRAWN))
    link.later(10) << ""


def test_a_withdrawn_call_is_not_repeated(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link.abort()
    link >> NAK << ""
    link.told(Lost(SEND, Loss.WITHDRAWN))


def test_a_description_ends_the_question_for_it_and_is_heard_too(link: Transcript) -> None:
    asked = request_node_info(2)
    described = Frame(0x49, bytes.fromhex("840206044003985e62"))
    link >> asked >> ACK >> wire(0x60, "01", response=True) >> NODE_INFO
    link.told(Heard(described), Answered(asked, b"\x01", described.payload))


def test_another_nodes_description_does_not_end_it(link: Transcript) -> None:
    asked = request_node_info(3)
    link >> asked >> ACK >> wire(0x60, "01", response=True) >> NODE_INFO
    link.told(Heard(Frame(0x49, bytes.fromhex("840206044003985e62"))))
    link >> wire(0x49, "810000")
    failed = Frame(0x49, bytes.fromhex("810000"))
    link.told(Heard(failed), Answered(asked, b"\x01", failed.payload))


def test_a_description_that_never_comes_blocks_nothing_for_long(link: Transcript) -> None:
    asked = request_node_info(3)
    link >> asked >> ACK >> wire(0x60, "01", response=True)
    link.later(10).told(Lost(asked, Loss.NO_CALLBACK))


def test_a_damaged_frame_is_sent_back_and_its_repetition_taken(link: Transcript) -> None:
    link >> GET_VERSION << "01030015e9"
    link >> ACK >> "010401154100" << NAK
    link.told()
    assert link.link.damaged_at == 100.0
    link >> wire(0x15, "41", response=True) << ACK
    link.told(Answered(GET_VERSION, b"A", None))


def test_a_frame_that_stops_in_the_middle_is_dropped_without_a_nak(link: Transcript) -> None:
    link >> REPORT[:8]
    link.later(1.5) << ""
    link >> REPORT << ACK
    link.told(Heard(Frame(0x04, bytes.fromhex("0002056203ff0002"))))


def test_controls_that_answer_nothing_are_ignored(link: Transcript) -> None:
    link >> ACK + NAK + CAN << ""
    link.told()
    link >> GET_VERSION >> ACK << "01030015e9"
    link >> NAK + CAN + ACK << ""
    link >> wire(0x15, "41", response=True)
    link.told(Answered(GET_VERSION, b"A", None))


def test_a_response_to_nothing_is_acknowledged_and_dropped(link: Transcript) -> None:
    link >> QUEUED << ACK
    link.told()


def test_noise_delays_and_changes_nothing(link: Transcript) -> None:
    link >> SEND << wire(0x13, "020262022501")
    link >> "00ff" + ACK + "7f7f" + QUEUED + "aa" + REPORT + "0055" + CALLBACK << ACK * 3
    link.told(Heard(Frame(0x04, bytes.fromhex("0002056203ff0002"))), Answered(SEND, b"\x01", b"\x00"))


@given(st.lists(st.binary(max_size=40) | st.floats(0, 40), max_size=30))
def test_whatever_a_stick_sends_the_link_comes_to_rest(script: list[bytes | float]) -> None:
    link = Transcript()
    link.link.can_abort = True
    link >> SEND
    for step in script:
        if isinstance(step, bytes):
            link >> step.hex()
        else:
            link.later(step)
    link.later(200)
    assert link.link.idle
    assert link.link.deadline() is None
    link >> GET_VERSION >> ACK >> wire(0x15, "41", response=True)
    assert link.events[-1] == Answered(GET_VERSION, b"A", None)


# ---- functions that change the network ---------------------------------------------------------------------------------


def test_a_call_that_calls_back_many_times_ends_with_the_first_and_the_others_are_heard(link: Transcript) -> None:
    adding = add_node()
    link >> adding << wire(0x4A, "c101")
    link >> ACK >> wire(0x4A, "01010000") << ACK
    link.told(Answered(adding, b"", bytes.fromhex("010000")))
    assert link.link.idle
    link >> wire(0x4A, "01020000") << ACK
    link.told(Heard(Frame(0x4A, bytes.fromhex("01020000"))))


def test_an_answer_names_the_callback_id(link: Transcript) -> None:
    link >> adding_again(link) >> ACK >> wire(0x4A, "02010000")
    (answered,) = link.events
    assert isinstance(answered, Answered)
    assert answered.id == 2


def adding_again(link: Transcript) -> Call:
    link >> add_node() >> ACK >> wire(0x4A, "01070000")
    link.events.clear()
    return add_node()


@pytest.mark.parametrize(("response", "goes_on"), [("00", True), ("08", False), ("20", False)])
def test_removing_a_failed_node_begins_with_zero(link: Transcript, response: str, goes_on: bool) -> None:
    removing = remove_failed_node(7)
    link >> removing << wire(0x61, "0701")
    link >> ACK >> wire(0x61, response, response=True) << ACK
    assert link.link.idle is not goes_on
    if goes_on:
        link >> wire(0x61, "0101")
    link.told(Answered(removing, bytes.fromhex(response), b"\x01" if goes_on else None))
