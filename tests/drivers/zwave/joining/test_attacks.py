"""The attacks that are known against joining, and against what was joined. Sources are named with each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.contracts.radio import Asked, Ended, Wish
from hub.model.facts import CodesChanged
from hub.model.values import Address, Pin, Secret
from tests.drivers.zwave.fakes import FakeLock, notification, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import DSK, OLD, PLAIN, S0, Newcomer

SEVEN = Address("7")
BOTH = bytes.fromhex("5e9f986c")
"""S2 and S0, as nearly every S2 lock lists them."""
DELETED = notification(0x0D, bytes.fromhex("630301"))


@virtual
async def test_z_shave_a_forged_description_does_not_lead_to_s0(tmp_path: Path) -> None:
    """Pen Test Partners 2018, CVE-2018-25029: the description is sent in the clear and anybody can send another one."""
    pairing = Pairing(tmp_path, Newcomer(classes=BOTH, said=OLD))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        question = (await pairing.asked()).question
        assert question is not None
        assert question.asked is Asked.OLD_ENCRYPTION
        pairing.say("use the old encryption")
        talk = await pairing.ended()
        await asyncio.sleep(60)
        assert talk.ended is Ended.FAILED
        assert "may be an attack" in talk.sentence
        assert pairing.stick.lock(7) is None
        assert not radio.locks
    assert [(alarm.device, "attack" in alarm.note) for alarm in pairing.alarms] == [("7", True)]


@pytest.mark.parametrize("really", [BOTH, OLD, bytes.fromhex("5e9f6c")])
@virtual
async def test_a_forged_description_does_not_lead_to_no_encryption(tmp_path: Path, really: bytes) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=really, said=PLAIN))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, unencrypted=True)
        talk = await pairing.asked()
        await asyncio.sleep(60)
        assert talk.ended is Ended.FAILED
        assert "hid that when it joined" in talk.sentence
        assert pairing.stick.lock(7) is None
        assert not radio.locks
    assert len(pairing.alarms) == 1


@virtual
async def test_silence_does_not_rule_an_attack_out(tmp_path: Path) -> None:
    """Whoever forged the description could also keep the second one from us."""
    pairing = Pairing(tmp_path, Newcomer(classes=BOTH, said=OLD))
    whole = pairing.stick._describe

    def nobody(node: int) -> None:
        whole(node + 90)

    pairing.stick._describe = nobody  # type: ignore[method-assign]
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("use the old encryption")
        talk = await pairing.ended()
        assert "cannot be ruled out" in talk.sentence
        assert not radio.locks


@virtual
async def test_with_the_label_a_forged_description_changes_nothing(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(classes=BOTH, said=OLD))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        assert (await pairing.asked()).security == "S2_ACCESS_CONTROL"


@virtual
async def test_somebody_in_the_middle_is_stopped_by_the_number_on_the_label(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(tampered=True))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_ACCESS_CONTROL")
        question = (await pairing.asked()).question
        assert question is not None
        assert question.tail != DSK.tail, "a person sees that it is another number"
        pairing.say(DSK.pin)
        talk = await pairing.ended()
        assert "somebody disturbed the exchange" in talk.sentence
        assert not pairing.newcomer.held


@virtual
async def test_words_of_other_nodes_are_no_part_of_the_exchange(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, Newcomer(), [FakeLock(node=3)])
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        for forged in (b"\x9f\x07\x06", b"\x9f\x05\x00\x02\x01\x01", b"\x9f\x08\x00" + bytes(32)):
            pairing.stick.say(3, forged)
        await asyncio.sleep(1)
        assert pairing.talk.question is not None
        pairing.say("S2_ACCESS_CONTROL")
        await pairing.asked()
        pairing.say(DSK.pin)
        assert (await pairing.ended()).ended is Ended.DONE


@virtual
async def test_noise_before_the_pin_is_typed_does_not_count_against_it(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_ACCESS_CONTROL")
        await pairing.asked()
        await asyncio.sleep(1)
        for number in range(20):
            pairing.stick.say(7, bytes((0x9F, 3, number, 1, 0x12, 0x41)) + bytes(16) + bytes(20))
        await asyncio.sleep(1)
        pairing.say(DSK.pin)
        assert (await pairing.ended()).ended is Ended.DONE


@virtual
async def test_nobody_is_heard_in_the_name_of_a_device_that_is_joining(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.stick.say(7, DELETED)
        pairing.say("S2_ACCESS_CONTROL")
        await pairing.asked()
        pairing.stick.say(7, DELETED)
        pairing.say(DSK.pin)
        await pairing.ended()
        await asyncio.sleep(60)
    assert not pairing.house.told(CodesChanged, 7)


async def _joined(pairing: Pairing) -> None:
    pairing.radio.joining.begin(Wish.ADD)
    while (talk := await pairing.asked()).question is not None:
        pairing.say(
            {
                Asked.GRANT: "S2_ACCESS_CONTROL S2_AUTHENTICATED",
                Asked.PIN: DSK.pin,
                Asked.OLD_ENCRYPTION: "use the old encryption",
            }[talk.question.asked]
        )
    assert talk.ended is Ended.DONE
    await asyncio.sleep(30)


def _told_by(pairing: Pairing, said: bytes) -> list[bytes]:
    """The frames by which the joined lock says something."""
    lock = pairing.newcomer
    assert lock.strongest is not None
    lock.queue.append((said, lock.strongest))
    return lock._old_nonce() if lock.strongest is S0 else lock.flush()


@pytest.mark.parametrize("classes", [bytes.fromhex("5e9f6c"), OLD])
@virtual
async def test_what_a_joined_lock_says_counts_once_and_only_encrypted(tmp_path: Path, classes: bytes) -> None:
    """VU#142629: replays, and reports in the clear from a lock that encrypts."""
    pairing = Pairing(tmp_path, Newcomer(classes=classes))
    heard: list[bytes] = []
    whole = pairing.stick.say

    def say(node: int, command: bytes) -> None:
        heard.append(command)
        whole(node, command)

    pairing.stick.say = say  # type: ignore[method-assign]
    async with pairing.running():
        await _joined(pairing)
        before = len(pairing.house.told(CodesChanged, 7))
        pairing.stick.say(7, DELETED)
        await asyncio.sleep(60)
        assert len(pairing.house.told(CodesChanged, 7)) == before
        heard.clear()
        for each in _told_by(pairing, DELETED):
            pairing.stick.say(7, each)
        await asyncio.sleep(15)
        assert len(pairing.house.told(CodesChanged, 7)) == before + 1
        for replayed in heard:
            whole(7, replayed)
        await asyncio.sleep(15)
        assert len(pairing.house.told(CodesChanged, 7)) == before + 1


@pytest.mark.parametrize(("classes", "question"), [(OLD, "9840"), (bytes.fromhex("5e9f6c"), "9f01")])
@virtual
async def test_a_flood_of_questions_for_nonces_costs_others_little(
    tmp_path: Path, classes: bytes, question: str
) -> None:
    """ "S0-No-More" and CVE-2020-9060: each question makes a hub answer and wait."""
    pairing = Pairing(tmp_path, Newcomer(classes=classes), [FakeLock(node=3)])
    async with pairing.running() as radio:
        await _joined(pairing)
        before = len(pairing.newcomer.received)
        keypad = radio.locks[Address("3")].keypad
        assert keypad is not None
        loop = asyncio.get_running_loop()
        began = loop.time()
        await keypad.write(1, Pin("9999"))
        calm, slowest = loop.time() - began, 0.0
        for number in range(600):
            asked = bytes.fromhex(question) + (bytes((number % 256,)) if question == "9f01" else b"")
            pairing.stick.say(7, asked)
            if number % 60 == 0:
                began = loop.time()
                await keypad.write(1, Pin(f"{1000 + number}"))
                slowest = max(slowest, loop.time() - began)
            await asyncio.sleep(0.1)
        answers = len(pairing.newcomer.received) - before
        assert slowest < calm + 0.5
        assert answers < 200, "two in a second, and a few at first"
        mine = radio.locks[SEVEN].keypad
        assert mine is not None
        await mine.write(2, Pin("4711"))
