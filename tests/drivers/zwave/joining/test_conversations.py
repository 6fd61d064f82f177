"""Adding, replacing and removing a device, from the page to the air and back, in virtual time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.contracts.radio import Asked, Ended, Wish
from hub.errors import Rejected, Unavailable
from hub.model.facts import LockFound, LockSilent
from hub.model.values import Address, Pin, Secret
from tests.drivers.zwave.fakes import FakeLock, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import ACCESS, AUTH, DSK, OLD, PLAIN, PUBLIC, S0, UNAUTH, Newcomer, qr_code

SEVEN = Address("7")


@pytest.fixture
def pairing(tmp_path: Path) -> Pairing:
    return Pairing(tmp_path)


async def granted_and_typed(pairing: Pairing, *, pin: str = DSK.pin) -> None:
    """A person answers both questions of S2."""
    assert (await pairing.asked()).question is not None
    pairing.say("S2_ACCESS_CONTROL S2_AUTHENTICATED")
    await pairing.asked()
    pairing.say(pin)


# ---- S2 ----------------------------------------------------------------------------------------------------------------


@virtual
async def test_a_lock_is_added_with_access_control_and_used(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        begun = radio.joining.begin(Wish.ADD)
        assert (begun.wish, begun.ended, begun.address) == (Wish.ADD, None, None)
        choosing = await pairing.asked()
        assert choosing.question is not None
        assert (choosing.question.asked, choosing.question.choices) == (
            Asked.GRANT,
            ("S2_ACCESS_CONTROL", "S2_AUTHENTICATED"),
        )
        assert choosing.address == SEVEN
        pairing.say("S2_ACCESS_CONTROL S2_AUTHENTICATED")
        typing = await pairing.asked()
        assert typing.question is not None
        assert (typing.question.asked, typing.question.tail) == (Asked.PIN, DSK.tail)
        pairing.say(DSK.pin)
        done = await pairing.ended()
        assert (done.ended, done.address, done.security, done.step) == (
            Ended.DONE,
            SEVEN,
            "S2_ACCESS_CONTROL",
            done.steps,
        )
        await asyncio.sleep(60)
        keypad = radio.locks[SEVEN].keypad
        assert keypad is not None
        await keypad.write(3, Pin("4711"))
        assert (await keypad.read(3)).pin == Pin("4711")
    assert set(pairing.newcomer.held) == {ACCESS, AUTH}
    assert pairing.newcomer.complete
    assert [found.replaced for found in pairing.house.told(LockFound, 7)] == [True]
    assert not pairing.alarms


@virtual
async def test_the_page_is_told_at_each_turn(pairing: Pairing) -> None:
    seen: list[tuple[int, str]] = []

    async with pairing.running() as radio:
        before = pairing.changes
        radio.joining.begin(Wish.ADD)
        answering = granted_and_typed(pairing)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(answering)
            while pairing.talk.ended is None:
                if (pairing.talk.step, pairing.talk.sentence) not in seen[-1:]:
                    seen.append((pairing.talk.step, pairing.talk.sentence))
                await asyncio.sleep(0.005)
            await task
    assert [step for step, _ in seen] == sorted(step for step, _ in seen)
    assert {step for step, _ in seen} == {1, 2, 3, 4, 5}
    assert pairing.changes - before >= len(seen)


@virtual
async def test_the_stick_is_spoken_to_in_the_order_of_the_specification(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        before = len(pairing.stick.calls)
        radio.joining.begin(Wish.ADD)
        await granted_and_typed(pairing)
        await pairing.ended()
    managed = [
        (function, payload[:2]) for function, payload in pairing.stick.calls[before:] if function in range(0x4A, 0x57)
    ]
    assert managed == [(0x56, ""), (0x4A, "c1"), (0x4A, "c5"), (0x4A, "c5"), (0x55, "07"), (0x51, "07")]
    stops = [payload for function, payload in pairing.stick.calls if function == 0x4A and payload.startswith("c5")]
    assert [payload.endswith("00") for payload in stops] == [False, True]


@virtual
async def test_a_stick_that_announces_whom_we_are_adding_makes_nobody_meet_it_too_early(pairing: Pairing) -> None:
    """Seen by zwave-js with some sticks (Controller.ts, handleApplicationUpdateRequest): the device would lose its patience."""
    pairing.stick.announces = True
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await granted_and_typed(pairing)
        assert (await pairing.ended()).ended is Ended.DONE
        assert pairing.newcomer.received[0] == "9f04"
        assert not any(function == 0x60 for function, _ in pairing.stick.calls)
        await asyncio.sleep(60)
        assert radio.locks[SEVEN].keypad is not None


@virtual
async def test_the_first_host_of_a_network_becomes_its_suc(pairing: Pairing) -> None:
    pairing.stick.suc = 0
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
    assert pairing.stick.suc == 1


@pytest.mark.parametrize("label", ["dsk", "qr"])
@virtual
async def test_with_a_label_nobody_is_asked(tmp_path: Path, label: str) -> None:
    pairing = Pairing(tmp_path)
    text = DSK.text if label == "dsk" else qr_code()
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(text))
        done = await pairing.asked()
        assert (done.ended, done.security) == (Ended.DONE, "S2_ACCESS_CONTROL")
    assert set(pairing.newcomer.held) == {ACCESS, AUTH}


@virtual
async def test_a_person_may_take_their_time_with_the_pin(pairing: Pairing) -> None:
    """The device repeats itself every ten seconds; what it said meanwhile is understood as soon as it can be."""
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_ACCESS_CONTROL S2_AUTHENTICATED")
        await pairing.asked()
        await asyncio.sleep(203)
        pairing.say(DSK.pin)
        loop = asyncio.get_running_loop()
        typed = loop.time()
        assert (await pairing.ended()).ended is Ended.DONE
        assert loop.time() - typed < 12


@virtual
async def test_a_device_without_need_of_a_pin_is_not_asked_for_one(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(wants=(UNAUTH,), device="d39c01041001", classes=bytes.fromhex("5e9f25")))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_UNAUTHENTICATED")
        assert (await pairing.asked()).security == "S2_UNAUTHENTICATED"


@virtual
async def test_what_is_no_answer_leaves_the_question_standing(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        with pytest.raises(Rejected, match="nothing is asked"):
            pairing.say("x")
        question = (await pairing.asked()).question
        for wrong, words in (
            ("", "choose from"),
            ("S9", "choose from"),
            ("S2_AUTHENTICATED", "needs S2_ACCESS_CONTROL"),
        ):
            with pytest.raises(Rejected, match=words):
                pairing.say(wrong)
        assert pairing.talk.question == question
        pairing.say("S2_ACCESS_CONTROL")
        await pairing.asked()
        for wrong in ("1234", "70000", "abcde"):
            with pytest.raises(Rejected, match="first five digits") as why:
                pairing.say(wrong)
            assert wrong not in str(why.value)
        with pytest.raises(Rejected, match="no such conversation"):
            radio.joining.answer("another", DSK.pin)
        pairing.say(f" {DSK.pin} ")
        assert (await pairing.ended()).ended is Ended.DONE
    assert set(pairing.newcomer.held) == {ACCESS}


# ---- S0 and none -------------------------------------------------------------------------------------------------------


@virtual
async def test_a_lock_with_the_old_encryption_is_added_only_after_typed_consent(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        question = (await pairing.asked()).question
        assert question is not None
        assert question.asked is Asked.OLD_ENCRYPTION
        assert "use the old encryption" in question.sentence
        assert not pairing.newcomer.held
        pairing.say("use the old encryption")
        done = await pairing.ended()
        assert (done.ended, done.security) == (Ended.DONE, "S0")
        await asyncio.sleep(20)
        assert radio.locks[SEVEN].abilities.secure == "S0"
        keypad = radio.locks[SEVEN].keypad
        assert keypad is not None
        await keypad.write(3, Pin("4711"))
        assert (await keypad.read(3)).pin == Pin("4711")
    assert set(pairing.newcomer.held) == {S0}


@virtual
async def test_a_device_that_did_not_wait_for_the_consent_gets_its_key_the_next_time(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        await asyncio.sleep(30)
        pairing.say("use the old encryption")
        failed = await pairing.ended()
        assert failed.ended is Ended.FAILED
        assert "will not be asked again" in failed.sentence
        assert "taken out" in failed.sentence
        radio.joining.begin(Wish.ADD)
        assert (await pairing.asked()).ended is Ended.DONE
        await asyncio.sleep(60)
        radio.joining.begin(Wish.REMOVE)
        await pairing.ended()
        radio.joining.begin(Wish.ADD)
        assert (await pairing.asked()).question is not None, "the consent was for one device"


async def _consented_too_late(pairing: Pairing) -> None:
    pairing.radio.joining.begin(Wish.ADD)
    await pairing.asked()
    await asyncio.sleep(30)
    pairing.say("use the old encryption")
    assert "will not be asked again" in (await pairing.ended()).sentence


@virtual
async def test_a_late_consent_does_not_count_for_another_device(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        await _consented_too_late(pairing)
        pairing.newcomer.classes = OLD + b"\x71"
        radio.joining.begin(Wish.ADD)
        question = (await pairing.asked()).question
        assert question is not None
        assert question.asked is Asked.OLD_ENCRYPTION
        assert not pairing.newcomer.held


@virtual
async def test_a_late_consent_is_forgotten_when_the_next_attempt_ends(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        await _consented_too_late(pairing)
        pairing.stick.pressed = None
        radio.joining.begin(Wish.ADD)
        await asyncio.sleep(1)
        pairing.cancel()
        await pairing.ended()
        pairing.stick.pressed = pairing.newcomer
        radio.joining.begin(Wish.ADD)
        assert (await pairing.asked()).question is not None


@virtual
async def test_a_late_consent_is_forgotten_after_ten_minutes(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        await _consented_too_late(pairing)
        await asyncio.sleep(600)
        radio.joining.begin(Wish.ADD)
        assert (await pairing.asked()).question is not None


@virtual
async def test_a_consent_does_not_outlive_a_failure_of_another_kind(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD, silent_at="key set"))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("use the old encryption")
        assert "did not go on" in (await pairing.ended()).sentence
        radio.joining.begin(Wish.ADD)
        assert (await pairing.asked()).question is not None


@pytest.mark.parametrize("words", ["no", "", "use old encryption", "yes"])
@virtual
async def test_any_other_words_are_a_no(tmp_path: Path, words: str) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=OLD))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say(words)
        failed = await pairing.ended()
    assert failed.ended is Ended.FAILED
    assert failed.sentence.startswith("Nobody agreed to the old encryption")
    assert not pairing.newcomer.held
    assert pairing.stick.lock(7) is None
    assert not pairing.alarms


@pytest.mark.parametrize("chosen_before", [False, True])
@virtual
async def test_a_device_that_cannot_encrypt_goes_without_only_by_choice(tmp_path: Path, chosen_before: bool) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=PLAIN))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, unencrypted=chosen_before)
        if not chosen_before:
            question = (await pairing.asked()).question
            assert question is not None
            assert question.asked is Asked.NO_ENCRYPTION
            pairing.say("Use no encryption")
        done = await pairing.asked()
        assert (done.ended, done.security) == (Ended.DONE, "")
        await asyncio.sleep(60)
        assert radio.locks[SEVEN].abilities.slots == 30


@virtual
async def test_nobody_agreed_to_no_encryption(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=PLAIN))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        failed = await pairing.ended()
        assert "nobody answered in time" in failed.sentence.casefold()
        assert not radio.locks
    assert pairing.stick.lock(7) is None


# ---- removing ----------------------------------------------------------------------------------------------------------


@virtual
async def test_a_device_is_removed_and_forgotten(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=PLAIN))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, unencrypted=True)
        await pairing.ended()
        await asyncio.sleep(60)
        talk = radio.joining.begin(Wish.REMOVE)
        assert talk.wish is Wish.REMOVE
        done = await pairing.ended()
        assert (done.ended, done.step) == (Ended.DONE, 3)
        assert "7 has left" in done.sentence
        assert done.address == SEVEN, "so that the house knows whose lock is without a device"
        assert not radio.locks
        await asyncio.sleep(1)
    assert pairing.house.told(LockSilent, 7)[-1].why == "was removed from the Z-Wave network"


@virtual
async def test_a_stranger_is_told_to_forget_its_old_network(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    assert pairing.newcomer not in pairing.stick.locks
    async with pairing.running() as radio:
        radio.joining.begin(Wish.REMOVE)
        done = await pairing.ended()
    assert done.ended is Ended.DONE
    assert "can be added now" in done.sentence


# ---- replacing ---------------------------------------------------------------------------------------------------------


@virtual
async def test_a_failed_lock_is_replaced_at_its_address(tmp_path: Path) -> None:
    old = FakeLock(node=7)
    pairing = Pairing(tmp_path, Newcomer(), [old])
    async with pairing.running() as radio:
        assert SEVEN in radio.locks
        old.reach = "no"
        radio.joining.begin(Wish.REPLACE, address=SEVEN)
        await granted_and_typed(pairing)
        done = await pairing.ended()
        assert (done.ended, done.address, done.security) == (Ended.DONE, SEVEN, "S2_ACCESS_CONTROL")
        await asyncio.sleep(60)
        assert radio.locks[SEVEN].abilities.secure == "S2 Access Control"
    assert pairing.house.told(LockFound, 7)[-1].replaced


@virtual
async def test_a_device_that_replaces_another_and_knows_only_s0_is_found_out(tmp_path: Path) -> None:
    """It does not describe itself when it joins; S2 is tried first, and then it is asked."""
    old = FakeLock(node=7)
    pairing = Pairing(tmp_path, Newcomer(classes=OLD, patience_s=60), [old])
    async with pairing.running() as radio:
        old.reach = "no"
        radio.joining.begin(Wish.REPLACE, address=SEVEN)
        question = (await pairing.asked()).question
        assert question is not None
        assert question.asked is Asked.OLD_ENCRYPTION
        pairing.say("use the old encryption")
        assert (await pairing.ended()).security == "S0"


@pytest.mark.parametrize(
    ("reach", "response", "words"),
    [("yes", 0, "still answers"), ("no", 0x08, "does not count the device as failed"), ("no", 0x10, "already doing")],
)
@virtual
async def test_a_lock_that_cannot_be_replaced_stays(tmp_path: Path, reach: str, response: int, words: str) -> None:
    old = FakeLock(node=7)
    pairing = Pairing(tmp_path, Newcomer(), [old])
    async with pairing.running() as radio:
        old.reach, pairing.stick.replaces = reach, response
        radio.joining.begin(Wish.REPLACE, address=SEVEN)
        failed = await pairing.ended()
        assert failed.ended is Ended.FAILED
        assert words in failed.sentence
        assert SEVEN in radio.locks


# ---- who may begin -----------------------------------------------------------------------------------------------------


@virtual
async def test_there_is_one_conversation_at_a_time_and_none_without_a_stick(pairing: Pairing) -> None:
    with pytest.raises(Unavailable, match="not connected"):
        pairing.radio.joining.begin(Wish.ADD)
    assert pairing.radio.joining.talk is None
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        with pytest.raises(Rejected, match="another conversation"):
            radio.joining.begin(Wish.REMOVE)


@pytest.mark.parametrize("label", ["", "12345", "900", DSK.text[:-1], "90" + "1" * 90])
@virtual
async def test_a_label_that_cannot_be_read_is_refused_and_not_repeated(tmp_path: Path, label: str) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        with pytest.raises(Rejected) as why:
            radio.joining.begin(Wish.ADD, label=Secret(label))
        assert not label or label not in str(why.value)
        assert radio.joining.talk is None


@virtual
async def test_nothing_secret_is_shown(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await granted_and_typed(pairing)
        await pairing.ended()
        shown = repr(radio.joining.talk) + repr(radio.survey()) + "\n".join(radio.trace())
        keys = json.loads(radio.export_keys().reveal())
    assert DSK.pin not in shown
    assert not any(key in shown for key in keys.values())
    assert PUBLIC.hex() not in shown
