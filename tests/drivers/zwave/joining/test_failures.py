"""What goes wrong while a device joins or leaves: in words, and with nobody left half joined."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from drivers.zwave.care import HALF_JOINED
from drivers.zwave.security.dsk import Dsk
from drivers.zwave.security.kex_frames import FAILURES, Failure
from hub.contracts.radio import Ended, Talk, Wish
from hub.errors import Rejected
from hub.model.values import Address, Secret
from tests.drivers.zwave.fakes import FakeLock, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import AUTH, DSK, OLD, PLAIN, Newcomer, qr_code

SEVEN = Address("7")


async def added(pairing: Pairing, *, pin: str = DSK.pin, label: Secret | None = None) -> Talk:
    """How it ended, with a person who answers what is asked."""
    pairing.radio.joining.begin(Wish.ADD, label=label)
    for words in (" ".join(each.name for each in pairing.newcomer.wants), pin):
        talk = await pairing.asked()
        if talk.ended is None:
            pairing.say(words)
    return await pairing.ended()


def is_out(pairing: Pairing) -> bool:
    return pairing.stick.lock(7) is None and not pairing.radio.locks and not pairing.radio.desk.waiting.half_joined


# ---- the stick ---------------------------------------------------------------------------------------------------------


@virtual
async def test_nobody_comes_within_a_minute(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.pressed = None
    async with pairing.running():
        loop = asyncio.get_running_loop()
        began = loop.time()
        talk = await added(pairing)
        assert 60 <= loop.time() - began < 63
    assert talk.ended is Ended.FAILED
    assert "no device came within a minute" in talk.sentence.casefold()
    assert [call for call in pairing.stick.calls if call[0] == 0x4A][-1] == (0x4A, "c500")
    assert not pairing.alarms


@pytest.mark.parametrize(("status", "least", "most"), [(2, 60, 63), (3, 60, 80), (5, 76, 100)])
@virtual
async def test_a_stick_that_does_not_go_on_is_stopped_after_the_time_of_the_specification(
    tmp_path: Path, status: int, least: float, most: float
) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.stalls_at = status
    async with pairing.running():
        loop = asyncio.get_running_loop()
        began = loop.time()
        talk = await added(pairing)
        assert least <= loop.time() - began < most
    assert talk.ended is Ended.FAILED
    stops = [payload for function, payload in pairing.stick.calls if function == 0x4A and payload.startswith("c5")]
    assert [payload.endswith("00") for payload in stops] == ([True] if status == 2 else [False, True])


@pytest.mark.parametrize("status", [2, 3, 5])
@virtual
async def test_a_stick_that_fails_says_so(tmp_path: Path, status: int) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.fails_at = status
    async with pairing.running():
        talk = await added(pairing)
    assert talk.ended is Ended.FAILED
    assert "try again" in talk.sentence
    assert pairing.stick.lock(7) is None


@virtual
async def test_a_device_that_the_stick_let_in_only_half_is_taken_out(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.stalls_at = 5
    pairing.stick._found = _half(pairing)  # type: ignore[method-assign]
    async with pairing.running():
        talk = await added(pairing)
    assert "could not let the device in completely" in talk.sentence
    assert "taken out of the network again" in talk.sentence
    assert is_out(pairing)


def _half(pairing: Pairing) -> Any:
    """The device is on the stick's list, and the stick never finishes."""
    whole = pairing.stick._found

    def found(device: Newcomer, call: int) -> None:
        whole(device, call)
        pairing.stick._enter(device)
        pairing.stick.stalls_at = 0

    return found


@pytest.mark.parametrize("lacks", [0x51, 0x55, 0x56, 0x61])
@virtual
async def test_a_stick_that_lacks_a_help_adds_all_the_same(tmp_path: Path, lacks: int) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.functions -= {lacks}
    async with pairing.running():
        talk = await added(pairing)
    assert talk.ended is Ended.DONE
    assert not any(function == lacks for function, _ in pairing.stick.calls)


@virtual
async def test_a_stick_that_cannot_add_says_so(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.functions -= {0x4A}
    async with pairing.running():
        talk = await added(pairing)
    assert "the z-wave stick cannot do that" in talk.sentence.casefold()


@pytest.mark.parametrize(("begins", "words"), [(7, "busy with its network"), (0x23, "not the first controller")])
@pytest.mark.parametrize("wish", [Wish.ADD, Wish.REMOVE])
@virtual
async def test_a_stick_that_does_not_begin_says_why(tmp_path: Path, begins: int, words: str, wish: Wish) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.begins = begins
    async with pairing.running() as radio:
        radio.joining.begin(wish)
        talk = await pairing.ended()
    assert talk.ended is Ended.FAILED
    assert words in talk.sentence


@virtual
async def test_a_device_that_is_in_the_network_already_is_not_added(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(), [FakeLock(node=7)])
    async with pairing.running() as radio:
        talk = await added(pairing)
        assert "in the network already, as 7" in talk.sentence
        assert SEVEN in radio.locks


@pytest.mark.parametrize(("stalls", "fails"), [(2, 0), (3, 0), (6, 0), (0, 3), (0, 6)])
@virtual
async def test_removing_that_does_not_end_is_ended(tmp_path: Path, stalls: int, fails: int) -> None:
    pairing = Pairing(tmp_path, Newcomer(), [FakeLock(node=8)])
    pairing.stick.stalls_at, pairing.stick.fails_at = stalls, fails
    async with pairing.running() as radio:
        radio.joining.begin(Wish.REMOVE)
        talk = await pairing.ended(80)
        assert talk.ended is Ended.FAILED
    assert [payload for function, payload in pairing.stick.calls if function == 0x4B][-1] == "c500"


# ---- the key exchange --------------------------------------------------------------------------------------------------


STEPS = ["kex get", "kex set", "public key", "kex report", "key report", "transfer end"]


@pytest.mark.parametrize("step", STEPS)
@virtual
async def test_a_lock_that_falls_silent_is_taken_out(tmp_path: Path, step: str) -> None:
    pairing = Pairing(tmp_path, Newcomer(silent_at=step))
    async with pairing.running():
        talk = await added(pairing)
        assert talk.ended is Ended.FAILED
        assert "did not go on" in talk.sentence
        assert "taken out of the network again" in talk.sentence
        assert is_out(pairing)
        await asyncio.sleep(1)
    assert [alarm.device for alarm in pairing.alarms] == ["7"]


@pytest.mark.parametrize("step", STEPS[:3])
@pytest.mark.parametrize("failure", [*Failure, None])
@virtual
async def test_a_lock_that_ends_it_is_quoted(tmp_path: Path, step: str, failure: Failure | None) -> None:
    number = failure.value if failure is not None else 0x63
    pairing = Pairing(tmp_path, Newcomer(fails_at=step, fails_with=number))
    async with pairing.running():
        talk = await added(pairing)
    assert talk.ended is Ended.FAILED
    assert talk.sentence.startswith("The lock ended the key exchange: ")
    assert (FAILURES[failure] if failure else "no reason that the hub knows") in talk.sentence
    assert is_out(pairing)


DEFECTS: list[tuple[dict[str, Any], Failure, str]] = [
    ({"report": "9f0500040106"}, Failure.SCHEME, "key exchange that the hub does not know"),
    ({"report": "9f0500020206"}, Failure.CURVE, "encryption that the hub does not know"),
    ({"report": "9f0501020106"}, Failure.VERIFY, "could not prove"),
    ({"report": "9f0502020106"}, Failure.CANCEL, "PIN typed into itself"),
    ({"report": "9f0500020100"}, Failure.KEY, "no security class in common"),
    ({"wants": (AUTH,)}, Failure.CANCEL, "does not ask for the Access Control key"),
    ({"echo": "9f0601020107"}, Failure.AUTH, "tampered"),
    ({"echo": "9f0600020106"}, Failure.AUTH, "tampered"),
    ({"asks_for": 1}, Failure.GET, "not granted"),
    ({"asks_for": 2}, Failure.GET, "not granted"),  # the same key again, in place of the other
    ({"verifies_under": AUTH}, Failure.DECRYPT, "disturbed"),
    ({"tampered": True}, Failure.DECRYPT, "the PIN does not belong"),
]


@pytest.mark.parametrize(("defect", "failure", "words"), DEFECTS)
@virtual
async def test_what_is_wrong_is_told_to_both(
    tmp_path: Path, defect: dict[str, Any], failure: Failure, words: str
) -> None:
    pairing = Pairing(tmp_path, Newcomer(**defect))
    told: list[int | None] = []
    pairing.newcomer.reset = lambda: told.append(pairing.newcomer.failure)  # type: ignore[method-assign]
    async with pairing.running():
        talk = await added(pairing)
        assert is_out(pairing)
        await asyncio.sleep(1)
    assert talk.ended is Ended.FAILED
    assert words.casefold() in talk.sentence.casefold()
    assert told == [failure.value]
    assert len(pairing.alarms) == 1
    assert words in pairing.alarms[0].note


@pytest.mark.parametrize("message", [1, 2, 3, 4, 5])
@virtual
async def test_what_a_lock_could_not_read_is_said_again(tmp_path: Path, message: int) -> None:
    pairing = Pairing(tmp_path, Newcomer(forgets_before=message))
    async with pairing.running():
        talk = await added(pairing)
    assert talk.ended is Ended.DONE, talk.sentence


@virtual
async def test_a_label_that_asks_for_too_little_is_of_no_use_for_a_lock(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running():
        talk = await added(pairing, label=Secret(qr_code(requested=0x02)))
        assert "its label does not ask for the Access Control key" in talk.sentence
        assert is_out(pairing)


@virtual
async def test_a_device_that_replaces_another_and_fails_leaves_its_place_empty(tmp_path: Path) -> None:
    old = FakeLock(node=7)
    pairing = Pairing(tmp_path, Newcomer(), [old])
    async with pairing.running() as radio:
        with pytest.raises(Rejected, match="which device is to be replaced"):
            radio.joining.begin(Wish.REPLACE)
        for nobody in ("1", "8", "300", "-7", "seven"):
            with pytest.raises(Rejected, match="none with that address"):
                radio.joining.begin(Wish.REPLACE, address=Address(nobody))
        old.reach = "no"
        radio.joining.begin(Wish.REPLACE, address=SEVEN, label=Secret(Dsk(b"\x11" * 16).text))
        talk = await pairing.ended()
        assert "Another device answered" in talk.sentence
        assert is_out(pairing)


@virtual
async def test_a_device_that_replaces_another_and_does_not_answer_to_s2_gets_nothing_less(tmp_path: Path) -> None:
    old = FakeLock(node=7)
    pairing = Pairing(tmp_path, Newcomer(silent_at="kex get", classes=bytes.fromhex("5e9f986c")), [old])
    async with pairing.running() as radio:
        old.reach = "no"
        radio.joining.begin(Wish.REPLACE, address=SEVEN)
        talk = await pairing.ended()
        assert "did not answer when it was offered its keys" in talk.sentence
        assert is_out(pairing)


@virtual
async def test_a_wrong_pin_gives_no_key(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running():
        talk = await added(pairing, pin="00001")
        assert "PIN does not belong to this lock" in talk.sentence
        assert not pairing.newcomer.held
        assert is_out(pairing)


@virtual
async def test_another_device_than_the_one_on_the_label_gets_no_key(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running():
        talk = await added(pairing, label=Secret(Dsk(b"\x11" * 16).text))
        assert "Another device answered than the one on the label" in talk.sentence
        assert not pairing.newcomer.held
        assert is_out(pairing)


# ---- time and people ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [1, 2])
@virtual
async def test_a_question_ends_after_four_minutes(tmp_path: Path, question: int) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        if question == 2:
            pairing.say("S2_ACCESS_CONTROL")
            await pairing.asked()
        loop = asyncio.get_running_loop()
        asked = loop.time()
        talk = await pairing.ended()
        assert 239 < loop.time() - asked < 250
        assert "in time" in talk.sentence
        assert is_out(pairing)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("delay", [0.0, 0.04, 0.11])
@virtual
async def test_cancelling_at_any_stage_leaves_nobody_half_joined(tmp_path: Path, step: int, delay: float) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        while pairing.talk.step < step:
            if pairing.talk.question is not None:
                pairing.say(DSK.pin if pairing.talk.question.tail else "S2_ACCESS_CONTROL S2_AUTHENTICATED")
            await asyncio.sleep(0.005)
        await asyncio.sleep(delay)
        pairing.cancel()
        talk = await pairing.ended()
        await asyncio.sleep(60)
        assert talk.ended is Ended.CANCELLED
        assert "joining was cancelled" in talk.sentence.casefold()
        assert is_out(pairing)
        assert not pairing.alarms
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        assert (await pairing.ended()).ended is Ended.DONE


@pytest.mark.parametrize(("classes", "words"), [(OLD, "use the old encryption"), (PLAIN, "use no encryption")])
@virtual
async def test_cancelling_counts_also_while_a_device_is_asked_what_it_can_do(
    tmp_path: Path, classes: bytes, words: str
) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=classes))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        if classes == OLD:
            await pairing.asked()
            pairing.say(words)
        for _ in range(5000):
            if pairing.stick.calls[-1][0] == 0x60:
                break
            await asyncio.sleep(0.001)
        pairing.cancel()
        talk = await pairing.ended()
        assert talk.ended is Ended.CANCELLED
        assert is_out(pairing)


@virtual
async def test_callbacks_of_other_calls_are_not_ours(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.pressed = None
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await asyncio.sleep(1)
        for other in (pairing.stick.id - 1, pairing.stick.id + 1):
            pairing.stick.request(0x4A, bytes((other, 7, 0, 0)))
        pairing.stick.request(0x4B, bytes((pairing.stick.id, 7, 0, 0)))
        await asyncio.sleep(1)
        assert pairing.talk.ended is None
        pairing.stick.request(0x4A, bytes((pairing.stick.id, 7, 0, 0)))
        assert (await pairing.ended(1)).ended is Ended.FAILED


@virtual
async def test_a_lock_that_ends_it_while_the_person_looks_for_the_pin_is_quoted_at_once(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_ACCESS_CONTROL")
        await pairing.asked()
        pairing.stick.say(7, b"\x9f\x07\x06")
        talk = await pairing.ended(10)
        assert "The lock ended the key exchange: joining was cancelled" in talk.sentence


@virtual
async def test_it_is_too_late_to_cancel_once_it_is_being_undone_or_over(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.stick.presses_again = False
        pairing.cancel()
        await asyncio.sleep(60)
        assert "press the button" in pairing.talk.sentence
        with pytest.raises(Rejected, match="too late"):
            pairing.cancel()
        pairing.stick.press(pairing.newcomer)
        await pairing.ended(10)
        with pytest.raises(Rejected, match="it is over"):
            pairing.cancel()


@virtual
async def test_waiting_for_a_device_to_leave_can_be_cancelled(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.pressed = None
    async with pairing.running() as radio:
        radio.joining.begin(Wish.REMOVE)
        await asyncio.sleep(60)
        pairing.cancel()
        assert (await pairing.ended(5)).ended is Ended.CANCELLED
    assert [call for call in pairing.stick.calls if call[0] == 0x4B][-1] == (0x4B, "c500")


# ---- what cannot be undone ---------------------------------------------------------------------------------------------


@virtual
async def test_a_device_that_stays_half_joined_is_not_used_until_it_is_removed(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=PLAIN, said=OLD))
    pairing.stick.presses_again = False
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("no")
        talk = await pairing.ended()
        assert "still in the network as 7 and is not used" in talk.sentence
        before = len(pairing.newcomer.received)
        pairing.stick.say(7, bytes.fromhex("6c01c103800342"))  # wants to know that it arrived
        await asyncio.sleep(60)
        assert len(pairing.newcomer.received) == before
        assert not radio.locks
        assert [(node.address, node.remarks) for node in radio.survey().nodes] == [(SEVEN, (HALF_JOINED,))]
    pairing.renew()
    async with pairing.running(settle=30) as radio:
        assert not radio.locks
        with pytest.raises(Rejected, match="half joined"):
            await radio.interview(SEVEN)
        pairing.stick.presses_again = True
        radio.joining.begin(Wish.REMOVE)
        assert (await pairing.ended()).ended is Ended.DONE
        assert is_out(pairing)


@virtual
async def test_a_device_that_went_out_of_reach_is_taken_off_the_sticks_list(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    pairing.stick.presses_again = False
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.newcomer.reach = "no"
        pairing.cancel()
        talk = await pairing.ended(60)
        assert "taken out of the network again" in talk.sentence
        assert is_out(pairing)


@virtual
async def test_pulling_the_stick_out_ends_it_and_nothing_half_joined_is_used(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.stick.unplug()
        await asyncio.sleep(1)
        talk = pairing.talk
        assert talk.ended is Ended.FAILED
        assert "unplugged" in talk.sentence
        with pytest.raises(Rejected):
            pairing.say("S2_ACCESS_CONTROL")
        pairing.stick.plugged = True
        await asyncio.sleep(30)
        assert not radio.locks
        radio.joining.begin(Wish.REMOVE)
        assert (await pairing.ended()).ended is Ended.DONE
        assert is_out(pairing)


@virtual
async def test_a_half_joined_device_that_broke_can_be_struck_out(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=PLAIN))
    pairing.stick.presses_again = False
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("no")
        await pairing.ended()
        pairing.newcomer.reach = "no"
        await radio.forget(SEVEN)
        assert is_out(pairing)
        assert radio.survey().nodes == ()
