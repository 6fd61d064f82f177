"""The simulated device against our own host: two hands that learnt the key exchange apart from each other."""

from __future__ import annotations

import pytest

from drivers.simulator.memory import KeysGiven
from drivers.simulator.quirks import JoinsBadly, Quirks
from drivers.simulator.security import joining
from drivers.simulator.security.joining import (
    Agree,
    Answer,
    Came,
    Clear,
    Conversation,
    EndedError,
    Fail,
    Hold,
    Late,
    Send,
    Wait,
    Went,
    Wishes,
    join_s0,
    join_s2,
)
from drivers.simulator.security.keys import Label, Level
from drivers.zwave.security import kex
from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.keys import SecurityClass, s2_keys
from hub.errors import Rejected
from tests.drivers.simulator.security.table import ACCESS, AUTH, KEYS, S0, UNAUTH, Including, a_table, network_keys

EVERY = ("S2_AccessControl", "S2_Authenticated", "S2_Unauthenticated", "S0_Legacy")


# ---- with our host ----


def test_a_lock_is_given_the_keys_that_it_asks_for_and_uses_them() -> None:
    table = a_table(security="s2", granted=())
    joined = Including(table).join()
    assert joined.classes == {ACCESS, AUTH}
    assert joined.dsk is not None
    assert joined.dsk.reveal() == table.node.label.public[:16]
    assert not table.node.asks_for_keys
    assert table.ask("8002", ACCESS) == [("80035a", ACCESS)]


def test_what_it_was_given_stands_in_the_journal() -> None:
    table = a_table(security="s2", granted=())
    Including(table, grants=frozenset({AUTH})).join()
    assert table.node.lock.memory.keys == {"S2_Authenticated": KEYS["S2_Authenticated"]}
    assert table.ask("8002", AUTH) == [("80035a", AUTH)]
    table.s2.keys[ACCESS] = s2_keys(network_keys()[ACCESS])
    assert table.ask("8002", ACCESS) == []


@pytest.mark.parametrize(
    "grants", [{ACCESS}, {AUTH}, {UNAUTH}, {ACCESS, UNAUTH}, {ACCESS, AUTH, UNAUTH, S0}, {UNAUTH, S0}, {S0}]
)
def test_any_choice_of_keys_can_be_granted(grants: set[SecurityClass]) -> None:
    table = a_table(security="s2", requests=EVERY, granted=())
    joined = Including(table, grants=frozenset(grants)).join()
    assert joined.classes == grants
    assert joined.requested == set(SecurityClass)
    for each in grants:
        listed = table.ask("9802" if each is S0 else "9f0d", each)
        assert len(listed) == 1
        assert listed[0][1] is each


def test_a_label_that_was_scanned_answers_for_the_person() -> None:
    table = a_table(security="s2", granted=())
    dsk = Dsk(table.node.label.public[:16])
    talk = kex.include(network_keys(), table.random, label=dsk)
    assert Including(table, pin="00000").join(talk).dsk == dsk


def test_the_pin_is_not_sent() -> None:
    table = a_table(security="s2", granted=())
    Including(table).join()
    public = next(frame for way, frame in table.air if way == "<" and frame.startswith("9f0800"))
    assert public[6:10] == "0000"
    assert public[10:] == table.node.label.public[2:].hex()


def test_without_an_authenticated_class_the_whole_public_key_is_sent() -> None:
    table = a_table(security="s2", requests=("S2_Unauthenticated",), granted=())
    Including(table).join()
    assert ("<", "9f0800" + table.node.label.public.hex()) in table.air


def test_a_wrong_pin_gives_no_key() -> None:
    table = a_table(security="s2", granted=())
    with pytest.raises(Rejected, match="PIN"):
        Including(table, pin="00001").join()
    assert not table.node.granted


def test_a_person_may_look_for_the_pin_for_minutes() -> None:
    table = a_table(security="s2", granted=())
    assert Including(table, patience=200).join().classes == {ACCESS, AUTH}


def test_s0_is_given_under_the_key_of_zeros() -> None:
    table = a_table(security="s0", granted=())
    assert Including(table).join(by=S0).classes == {S0}
    assert table.node.granted == {Level.S0: bytes.fromhex(KEYS["S0_Legacy"])}
    assert table.ask("8002", S0) == [("80035a", S0)]


def test_a_device_of_both_kinds_may_be_given_only_s0() -> None:
    table = a_table(security="s2", requests=EVERY, granted=())
    assert Including(table).join(by=S0).classes == {S0}
    assert table.ask("8002", S0) == [("80035a", S0)]


def test_a_device_that_knows_no_s0_does_not_take_it() -> None:
    with pytest.raises(Rejected, match="did not go on"):
        Including(a_table(security="s2", granted=())).join(by=S0)


def test_a_device_without_security_does_not_answer() -> None:
    with pytest.raises(Rejected, match="did not go on"):
        Including(a_table()).join()


def test_keys_are_forgotten_when_it_is_removed() -> None:
    table = a_table(security="s2")
    table.node.removed()
    assert table.node.granted == {}
    assert table.node.lock.memory.keys == {}


BADLY = {
    JoinsBadly.SILENT_FROM_START: "did not go on",
    JoinsBadly.SILENT_AFTER_REPORT: "did not go on",
    JoinsBadly.SILENT_AFTER_PUBLIC_KEY: "did not go on",
    JoinsBadly.SILENT_AFTER_CONFIRMING: "did not go on",
    JoinsBadly.SILENT_AFTER_ASKING: "did not go on",
    JoinsBadly.SILENT_AFTER_PROOF: "did not go on",
    JoinsBadly.NEW_SCHEME: "key exchange that the hub does not know",
    JoinsBadly.NEW_CURVE: "encryption that the hub does not know",
    JoinsBadly.WANTS_PIN_ITSELF: "typed into itself",
    JoinsBadly.CONFIRMS_OTHER_KEYS: "tampered",
    JoinsBadly.CONFIRMS_OPENLY: "tampered",
    JoinsBadly.ASKS_FOR_MORE: "not granted",
    JoinsBadly.CANCELS: "cancelled",
}


@pytest.mark.parametrize("badly", JoinsBadly)
def test_a_device_that_joins_badly_is_given_up_in_words(badly: JoinsBadly) -> None:
    table = a_table(security="s2", granted=(), quirks=Quirks(joins=badly))
    with pytest.raises(Rejected, match=BADLY[badly]):
        Including(table).join()
    table.later(300)
    assert not table.node.asks_for_keys
    assert table.node.granted == {}


# ---- step by step ----

LABEL = Label.of("test")
WISHES = Wishes(frozenset({Level.S2_ACCESS_CONTROL, Level.S2_AUTHENTICATED}))
THEIRS = Label.of("controller")
KEX_GET = "9f04"
KEX_SET = "9f0600020106"
PUBLIC = "9f0801" + THEIRS.public.hex()
CONFIRMED = "9f0501020106"
KEY = "9f0a02" + "22" * 16
VERIFIED = "9f0c02"


class Talk:
    """A conversation that is told line after line what the controller says."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.steps: list[object] = []
        self.now = 0.0
        self.until = 0.0
        self.ended = ""
        self.keys: joining.Keys | None = None
        self._go(None)

    def _go(self, answer: Answer | None) -> None:
        try:
            while True:
                step = self.talk.send(answer)  # type: ignore[arg-type]  # a generator is started with None
                if isinstance(step, Wait):
                    self.until = step.until
                    return
                self.steps.append(step)
                answer = Went(self.now)
        except StopIteration as done:
            self.keys = done.value
        except EndedError as ended:
            self.ended = str(ended)

    def hears(self, command: str, under: joining.Sealing = Clear.OPEN) -> Talk:
        self._go(Came(bytes.fromhex(command), under, self.now))
        return self

    def waits(self) -> float:
        return self.until - self.now

    def late(self) -> Talk:
        self.now = self.until
        self._go(Late(self.now))
        return self

    def says(self) -> list[tuple[str, joining.Sealing]]:
        said = [(each.command.hex(), each.under) for each in self.steps if isinstance(each, Send)]
        self.steps.clear()
        return said


def up_to(lines: int) -> Talk:
    """The conversation after so many words of the controller."""
    talk = Talk(join_s2(LABEL, WISHES, 0.0))
    heard = [
        (KEX_GET, Clear.OPEN),
        (KEX_SET, Clear.OPEN),
        (PUBLIC, Clear.OPEN),
        (CONFIRMED, Clear.TEMPORARY),
        (KEY, Clear.TEMPORARY),
        (VERIFIED, Clear.TEMPORARY),
    ]
    for line, under in heard[:lines]:
        talk.steps.clear()
        talk.hears(line, under)
    return talk


def test_it_says_these_things_in_this_order() -> None:
    blanked = "0000" + LABEL.public[2:].hex()
    assert up_to(1).says() == [("9f0500020106", Clear.OPEN)]
    assert up_to(2).says() == [("9f0800" + blanked, Clear.OPEN)]
    assert up_to(3).says() == [("9f0601020106", Clear.TEMPORARY)]
    assert up_to(4).says() == [("9f0902", Clear.TEMPORARY)]
    assert up_to(5).says() == [("9f0b", Level.S2_AUTHENTICATED)]
    assert up_to(6).says() == [("9f0904", Clear.TEMPORARY)]
    talk = up_to(6).hears("9f0a04" + "33" * 16, Clear.TEMPORARY).hears(VERIFIED, Clear.TEMPORARY)
    assert talk.says()[-1] == ("9f0c01", Clear.TEMPORARY)
    assert talk.keys == {Level.S2_AUTHENTICATED: b"\x22" * 16, Level.S2_ACCESS_CONTROL: b"\x33" * 16}


def test_the_temporary_keys_and_each_network_key_are_held_when_they_are_known() -> None:
    assert any(isinstance(step, Agree) for step in up_to(3).steps)
    assert Hold(Level.S2_AUTHENTICATED, b"\x22" * 16) in up_to(5).steps


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [(0, 30), (1, 240), (2, 10), (4, 10), (5, 10)],
    ids=["TB1", "TB2", "TB3", "TB4", "TB5"],
)
def test_silence_ends_it_after_the_time_of_the_specification(lines: int, seconds: float) -> None:
    talk = up_to(lines)
    assert talk.waits() == pytest.approx(seconds)
    talk.steps.clear()
    assert "did not go on" in talk.late().ended
    assert talk.says() == []  # nothing is said about it


def test_what_was_granted_is_confirmed_every_ten_seconds_for_four_minutes() -> None:
    talk, times = up_to(3), 1
    while not talk.ended:
        assert talk.waits() == pytest.approx(10)
        talk.steps.clear()
        times += len(talk.late().says())
    assert times == 24
    assert talk.now == pytest.approx(240)


WRONG = [
    (1, "9f0600040106", Clear.OPEN, Fail.SCHEME),
    (1, "9f0600030106", Clear.OPEN, Fail.SCHEME),
    (1, "9f0600020206", Clear.OPEN, Fail.CURVES),
    (1, "9f0600020107", Clear.OPEN, Fail.KEY),
    (1, "9f0602020106", Clear.OPEN, Fail.KEY),
    (2, "9f0801" + "00" * 32, Clear.OPEN, Fail.DECRYPT),
    (3, CONFIRMED, Clear.OPEN, Fail.AUTH),
    (3, "9f0501020107", Clear.TEMPORARY, Fail.AUTH),
    (3, "9f0501030106", Clear.TEMPORARY, Fail.AUTH),
    (4, KEY, Clear.OPEN, Fail.AUTH),
    (4, "9f0a04" + "33" * 16, Clear.TEMPORARY, Fail.KEY_REPORT),
    (5, VERIFIED, Level.S2_AUTHENTICATED, Fail.AUTH),
]


@pytest.mark.parametrize(("lines", "word", "under", "fail"), WRONG)
def test_a_wrong_word_ends_it_and_is_told(lines: int, word: str, under: joining.Sealing, fail: Fail) -> None:
    talk = up_to(lines)
    talk.steps.clear()
    talk.hears(word, under)
    assert talk.says() == [(f"9f07{fail.value:02x}", Clear.OPEN)]
    assert talk.ended


@pytest.mark.parametrize("lines", range(6))
@pytest.mark.parametrize("fail", Fail)
def test_a_controller_that_ends_it_is_not_answered(lines: int, fail: Fail) -> None:
    talk = up_to(lines)
    talk.steps.clear()
    assert f"{fail.value:#04x}" in talk.hears(f"9f07{fail.value:02x}").ended
    assert talk.says() == []


@pytest.mark.parametrize("end", ["9f0c00", "9f0c01", "9f0c03"])
def test_a_key_that_was_not_verified_ends_it(end: str) -> None:
    talk = up_to(5)
    talk.steps.clear()
    assert "did not verify" in talk.hears(end, Clear.TEMPORARY).ended
    assert talk.says() == []


@pytest.mark.parametrize(("lines", "repeated"), [(1, KEX_GET), (2, KEX_SET), (3, PUBLIC)])
def test_a_repeated_frame_is_passed_over(lines: int, repeated: str) -> None:
    talk = up_to(lines)
    talk.steps.clear()
    until = talk.until
    talk.hears(repeated)
    assert (talk.ended, talk.until, talk.says()) == ("", until, [])


def test_a_word_out_of_turn_ends_it() -> None:
    assert "out of turn" in up_to(1).hears(PUBLIC).ended


@pytest.mark.parametrize("noise", ["", "9f", "8002", "9f0600", "9f0701"[:4]])
def test_what_is_no_word_of_it_is_passed_over(noise: str) -> None:
    talk = up_to(1)
    talk.steps.clear()
    assert talk.hears(noise).ended == ""
    assert talk.says() == []


def test_no_key_granted_is_an_end_without_keys() -> None:
    talk = up_to(1).hears("9f0600020100").hears(PUBLIC)
    talk.steps.clear()
    talk.hears(CONFIRMED, Clear.TEMPORARY)
    assert talk.says() == [("9f0c01", Clear.TEMPORARY)]
    assert talk.keys == {}


def test_s0_goes_in_three_steps() -> None:
    talk = Talk(join_s0(0.0))
    assert talk.waits() == pytest.approx(30)
    assert talk.hears("980400").says() == [("980500", Clear.OPEN)]
    assert talk.waits() == pytest.approx(20)
    assert talk.hears("9806" + "44" * 16, Clear.TEMPORARY).says() == [("9807", Level.S0)]
    assert talk.keys == {Level.S0: b"\x44" * 16}


def test_an_s0_key_in_the_clear_is_not_taken() -> None:
    talk = Talk(join_s0(0.0)).hears("980400").hears("9806" + "44" * 16)
    assert talk.keys is None
    assert "did not go on" in talk.late().ended


def test_keys_are_not_shown() -> None:
    shown = repr([Send(b"k" * 16), Hold(Level.S0, b"k" * 16), Came(b"k" * 16, Clear.OPEN, 0.0)])
    assert "kkkk" not in shown + repr(KeysGiven(keys={"S0_Legacy": "kkkk"}))
