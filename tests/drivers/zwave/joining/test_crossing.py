"""A device that comes or leaves in the instant in which the stick is told to stop, and a hub that dies just then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.zwave.care import HALF_JOINED
from hub.contracts.radio import Ended, Wish
from hub.model.values import Secret
from tests.drivers.zwave.fakes import FakeLock, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import DSK
from tests.drivers.zwave.joining.test_failures import SEVEN, is_out


async def _cancelled_as_it_came(pairing: Pairing, wish: Wish) -> None:
    pairing.stick.pressed, pairing.stick.crosses = None, pairing.newcomer
    address = SEVEN if wish is Wish.REPLACE else None
    pairing.radio.joining.begin(wish, address=address)
    await asyncio.sleep(5)
    pairing.cancel()
    pairing.stick.pressed = pairing.newcomer


@virtual
async def test_a_device_that_is_found_in_the_instant_of_cancelling_is_taken_out_again(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running():
        await _cancelled_as_it_came(pairing, Wish.ADD)
        talk = await pairing.ended()
        assert talk.ended is Ended.CANCELLED
        assert "was taken out of the network again" in talk.sentence
        assert is_out(pairing)


@virtual
async def test_a_device_that_leaves_in_the_instant_of_cancelling_is_known_to_be_gone(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
        await asyncio.sleep(60)
        await _cancelled_as_it_came(pairing, Wish.REMOVE)
        talk = await pairing.ended(20)
        assert (talk.ended, talk.address) == (Ended.DONE, SEVEN)
        await asyncio.sleep(0.01)
        assert radio.survey().nodes == ()
        assert not radio.locks


def _failed_lock() -> FakeLock:
    return FakeLock(node=7, reach="no")


@virtual
async def test_a_device_that_takes_the_place_in_the_instant_of_cancelling_is_taken_out_again(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, locks=[_failed_lock()])
    async with pairing.running(settle=30):
        await _cancelled_as_it_came(pairing, Wish.REPLACE)
        talk = await pairing.ended()
        assert talk.ended is Ended.CANCELLED
        assert "was taken out of the network again" in talk.sentence
        assert is_out(pairing)


@pytest.mark.parametrize("wish", [Wish.ADD, Wish.REPLACE])
@virtual
async def test_a_hub_that_dies_before_it_has_looked_finds_the_half_joined_device_when_it_lives_again(
    tmp_path: Path, wish: Wish
) -> None:
    pairing = Pairing(tmp_path, locks=[_failed_lock()] if wish is Wish.REPLACE else [])
    async with pairing.running(settle=30):
        await _cancelled_as_it_came(pairing, wish)
        await asyncio.sleep(0.05)
        assert pairing.talk.ended is None
    await asyncio.sleep(1)
    assert pairing.newcomer in pairing.stick.locks
    pairing.renew()
    async with pairing.running(settle=30) as radio:
        assert [(node.address, node.remarks) for node in radio.survey().nodes] == [(SEVEN, (HALF_JOINED,))]
        assert not radio.locks


@virtual
async def test_a_hub_that_dies_before_it_has_looked_knows_who_left_when_it_lives_again(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running(settle=30) as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
        await asyncio.sleep(60)
        await _cancelled_as_it_came(pairing, Wish.REMOVE)
        await asyncio.sleep(0.05)
        assert pairing.talk.ended is None
    await asyncio.sleep(1)
    pairing.renew()
    async with pairing.running(settle=30) as radio:
        assert radio.survey().nodes == ()
