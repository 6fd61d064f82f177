"""One guest's booking, from each channel to a proven code and out to all others, and everything back when it is cancelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.model.values import ChannelId, LockId, Proof, StayKind, StayStatus
from hub.store import codes, questions
from tests.simulators.home import FLAT, simulate
from tests.simulators.managers.all import MANAGERS
from tests.simulators.managers.street import AIRBNB, BOOKING_COM, CHANNELS, NIGHTS, PARTNER, STAFF, Street, street

FRONT = LockId("front")
NONE: frozenset[object] = frozenset()


@pytest.mark.parametrize("source", CHANNELS)
def test_a_booking_travels_from_its_channel_to_a_proven_code_and_to_all_others(
    tmp_path: Path, source: ChannelId
) -> None:
    async def main() -> None:
        async with street(tmp_path) as here:
            house = here.house
            await here.book(source)
            await house.later(minutes=8)
            if source == BOOKING_COM:
                await _somebody_says_that_it_is_a_guest(here)
            stay = await here.stay()
            assert (stay.channel_id, stay.unit_id, stay.status) == (source, FLAT, StayStatus.CONFIRMED)
            ((_, pin),) = (await house.digits_by_door(stay.id)).items()
            assert house.lock("front").holds(pin)
            assert await _proof(here, pin) is Proof.READ_BACK
            await _others_know(here, source)
            if source in MANAGERS and MANAGERS[source].codes:
                assert pin in here.booking(source).code + here.booking(source).note
            await here.cancel(source)
            await _cancelled(here)
            assert house.lock("front").codes == {}
            await _nobody_knows(here, source)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_ten_seconds_after_a_delivery_every_platform_knows(tmp_path: Path) -> None:
    """Of a booking and of its end: what reads a calendar of ours finds it there, and what is written to has been."""

    async def main() -> None:
        async with street(tmp_path) as here:
            await here.book(PARTNER)
            await here.house.later(seconds=10)
            await _others_know(here, PARTNER)
            await here.cancel(PARTNER)
            await here.house.later(seconds=10)
            await _nobody_knows(here, PARTNER)

    simulate(main())


def test_nights_that_come_back_from_the_platforms_are_nobody_s(tmp_path: Path) -> None:
    """Some list as a closure of their own what they read in our calendar."""

    async def main() -> None:
        async with street(tmp_path) as here:
            await here.book(AIRBNB)
            await here.house.later(minutes=8)
            await _others_know(here, AIRBNB)
            echoing = [channel for channel, manager in MANAGERS.items() if "block" in manager.states]
            for channel in echoing:
                here.desks[ChannelId(channel)].book(99, state="block")
            await here.house.later(minutes=8)
            assert (await here.stay()).channel_id == AIRBNB
            await _others_know(here, AIRBNB)
            await here.cancel(AIRBNB)
            await _cancelled(here)
            await _nobody_knows(here, AIRBNB)

    simulate(main())


def test_nights_that_staff_close_in_their_calendar_are_closed_on_every_platform(tmp_path: Path) -> None:
    async def main() -> None:
        async with street(tmp_path) as here:
            here.google.type("boiler", "2027-03-01", "2027-03-04")
            await here.house.later(minutes=8)
            assert (await here.stay()).kind is StayKind.BLOCK
            assert here.house.lock("front").codes == {}
            await _others_know(here, STAFF)
            here.google.erase("boiler")
            await here.house.later(minutes=8)
            await _nobody_knows(here, STAFF)

    simulate(main())


async def _somebody_says_that_it_is_a_guest(here: Street) -> None:
    """Booking.com calls everything closed: the nights are kept on every platform, and nobody gets a code before."""
    assert ((await here.stay()).kind, here.house.lock("front").codes) == (StayKind.UNKNOWN, {})
    await _others_know(here, BOOKING_COM)
    hub = here.house.hub
    (asked,) = [
        each for each in await hub.store.read(questions.open_questions) if each.subject == (await here.stay()).id
    ]
    await hub.store.write(lambda tx: hub.intake.answer(tx, asked.id, "reservation", "account:Robin"))
    await here.house.later(minutes=8)


async def _cancelled(here: Street) -> None:
    """What a calendar leaves out is not believed to be cancelled for half an hour; all others say so."""
    for _ in range(45):
        if (await here.stay()).status is StayStatus.CANCELLED:
            break
        await here.house.later(minutes=1)
    await here.house.later(minutes=3)
    assert (await here.stay()).status is StayStatus.CANCELLED


async def _proof(here: Street, pin: str) -> Proof | None:
    """Of the slot that holds these digits."""
    number = next(slot for slot, held in here.house.lock("front").codes.items() if held == pin)
    slots = await here.house.hub.store.read(lambda tx: codes.slots_of(tx, FRONT))
    return next(slot.proof for slot in slots if slot.number == number)


async def _others_know(here: Street, source: ChannelId) -> None:
    for channel in CHANNELS:
        assert await here.told(channel) == (NONE if channel == source else NIGHTS), channel
    assert here.shown() == NIGHTS
    for channel in here.desks:
        if MANAGERS[channel].nights:
            assert here.closed(channel) == (NONE if channel == source else NIGHTS), channel


async def _nobody_knows(here: Street, source: ChannelId) -> None:
    for channel in CHANNELS:
        assert await here.told(channel) == NONE, channel
    assert here.shown() == NONE
    for channel in here.desks:
        assert here.closed(channel) == NONE, channel
    if source in here.desks:
        assert here.booking(source).code + here.booking(source).note == ""
