"""Devices that join by themselves (SmartStart)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.zwave.joining.prepared import ATTEMPTS
from hub.contracts.radio import Ended, Wish
from hub.errors import Rejected
from hub.model.facts import LockFound
from hub.model.values import Address, Secret
from tests.drivers.zwave.fakes import virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import ACCESS, AUTH, DSK, qr_code

SEVEN = Address("7")
LABEL = Secret(DSK.text)
LISTEN, LEAVE = (0x4A, "4900"), (0x4A, "c500")


@pytest.fixture
def pairing(tmp_path: Path) -> Pairing:
    return Pairing(tmp_path)


@pytest.mark.parametrize("text", [DSK.text, qr_code()])
@virtual
async def test_a_prepared_lock_joins_when_it_is_switched_on(tmp_path: Path, text: str) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        prepared = await radio.prepare(Secret(text))
        assert (prepared.tail, prepared.joined, prepared.trouble) == (DSK.tail, None, "")
        assert pairing.stick.calls[-1] == LISTEN
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        assert (pairing.talk.wish, pairing.talk.ended, pairing.talk.security) == (
            Wish.ADD,
            Ended.DONE,
            "S2_ACCESS_CONTROL",
        )
        assert radio.locks[SEVEN].abilities.secure == "S2 Access Control"
        assert [each.joined for each in radio.survey().prepared] == [SEVEN]
        assert pairing.stick.mode == "", "nobody else is waited for"
    assert set(pairing.newcomer.held) == {ACCESS, AUTH}
    assert pairing.house.told(LockFound, 7)


@virtual
async def test_the_list_outlives_a_restart_sealed(pairing: Pairing, tmp_path: Path) -> None:
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
    file = tmp_path / "prepared.sealed"
    assert file.stat().st_mode & 0o777 == 0o600
    assert DSK.pin not in repr(radio.survey().prepared) + repr(radio.desk.waiting.entries)
    pairing.renew()
    async with pairing.running() as radio:
        assert [each.tail for each in radio.survey().prepared] == [DSK.tail]
        assert pairing.stick.mode == "smart start"
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        assert pairing.talk.ended is Ended.DONE


@virtual
async def test_the_stick_waits_again_after_it_was_pulled_out(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        pairing.stick.mode = ""
        pairing.stick.unplug()
        pairing.stick.plugged = True
        await asyncio.sleep(10)
        assert pairing.stick.mode == "smart start"


@virtual
async def test_another_conversation_interrupts_the_waiting_and_it_goes_on_afterwards(pairing: Pairing) -> None:
    pairing.stick.pressed = None
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        radio.joining.begin(Wish.REMOVE)
        await asyncio.sleep(1)
        assert pairing.stick.mode == "removing"
        assert LEAVE in pairing.stick.calls
        pairing.cancel()
        await pairing.ended()
        await asyncio.sleep(1)
        assert pairing.stick.mode == "smart start"


@virtual
async def test_strangers_that_ask_are_not_let_in(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        await radio.prepare(Secret("-".join(["11111"] * 8)))
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        assert radio.joining.talk is None
        assert pairing.stick.lock(7) is None


@virtual
async def test_after_five_failures_a_label_is_no_longer_tried(pairing: Pairing) -> None:
    pairing.newcomer.silent_at = "kex set"
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        for attempt in range(1, ATTEMPTS + 3):
            pairing.stick.switch_on(pairing.newcomer)
            await asyncio.sleep(11)
            pairing.newcomer.reach = "no"  # a device that failed leaves the network by itself
            await asyncio.sleep(30)
            pairing.newcomer.reach = "yes"
            pairing.newcomer.reset()
            if pairing.newcomer not in pairing.stick.outside:
                pairing.stick.outside.append(pairing.newcomer)
            (shown,) = radio.survey().prepared
            assert "did not go on" in shown.trouble
            assert ("no longer tried" in shown.trouble) is (attempt >= ATTEMPTS)
        assert pairing.stick.mode == ""
        assert pairing.stick.lock(7) is None
        pairing.newcomer.silent_at = ""
        await radio.prepare(LABEL)
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        assert radio.survey().prepared[0].joined == SEVEN
    assert [alarm.device for alarm in pairing.alarms] == [DSK.tail] * 2, "at the first failure and at the last"


@virtual
async def test_whoever_asks_in_its_name_and_does_not_come_costs_it_no_attempt(pairing: Pairing) -> None:
    """The number under which a device asks is sent in the clear."""
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        pairing.stick.outside.clear()
        for _ in range(ATTEMPTS + 1):
            pairing.stick.switch_on(pairing.newcomer)
            await asyncio.sleep(70)
            assert "no device came" in radio.survey().prepared[0].trouble
        pairing.stick.outside.append(pairing.newcomer)
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        assert radio.survey().prepared[0].joined == SEVEN
    assert not pairing.alarms


@virtual
async def test_a_device_that_is_removed_does_not_come_back_by_itself(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        radio.joining.begin(Wish.REMOVE)
        assert (await pairing.ended()).ended is Ended.DONE
        assert radio.survey().prepared == ()
        await asyncio.sleep(1)
        assert pairing.stick.mode == ""


@virtual
async def test_what_is_prepared_can_be_taken_back(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        await radio.unprepare(DSK.tail)
        assert radio.survey().prepared == ()
        assert pairing.stick.calls[-1] == LEAVE
        with pytest.raises(Rejected, match="no device with this label"):
            await radio.unprepare(DSK.tail)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (qr_code(version=0), "cannot join by itself"),
        (qr_code(requested=0x02), "does not ask for the Access Control key"),
        (qr_code()[:-3], "not read completely"),
        ("12345-12345", "eight groups"),
    ],
)
@virtual
async def test_labels_that_are_none_of_smart_start_are_refused(tmp_path: Path, text: str, words: str) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        with pytest.raises(Rejected, match=words) as why:
            await radio.prepare(Secret(text))
        assert DSK.pin not in str(why.value)


@virtual
async def test_a_device_that_has_joined_is_not_prepared_again(pairing: Pairing) -> None:
    async with pairing.running() as radio:
        await radio.prepare(LABEL)
        pairing.stick.switch_on(pairing.newcomer)
        await asyncio.sleep(60)
        with pytest.raises(Rejected, match="joined already"):
            await radio.prepare(LABEL)


@virtual
async def test_a_lock_can_be_prepared_without_a_stick(pairing: Pairing) -> None:
    assert (await pairing.radio.prepare(LABEL)).tail == DSK.tail


@virtual
async def test_a_list_that_cannot_be_read_begins_anew(pairing: Pairing, tmp_path: Path) -> None:
    (tmp_path / "prepared.sealed").write_bytes(b"{")
    async with pairing.running() as radio:
        assert radio.survey().prepared == ()
        await radio.prepare(LABEL)
    pairing.renew()
    assert len(pairing.radio.desk.prepared) == 1
