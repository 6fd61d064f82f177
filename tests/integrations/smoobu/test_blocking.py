"""integrations.smoobu.blocking: closures are bookings there, each by itself, and a person's are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.errors import Rejected, Unavailable
from hub.io.http import Answer, Request, Rules
from hub.model.effects import SetNights
from hub.model.publishing import Block
from hub.model.values import ChannelId, UnitId
from integrations.smoobu.blocking import MARK, spans
from tests.integrations.conftest import StoppedClock
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.smoobu import SmoobuDesk

APRIL = date(2027, 4, 1)


def block(first: int, until: int) -> Block:
    return Block(f"stay:{first}", date(2027, 4, first), date(2027, 4, until), True)


def taken(*blocks: Block) -> SetNights:
    return SetNights(ChannelId("a"), UnitId("flat"), "101", 1, blocks, (), b"")


@pytest.fixture
def desk(clock: StoppedClock) -> SmoobuDesk:
    return SmoobuDesk(clock.now)


@pytest.fixture
def account(desk: SmoobuDesk, host: Host) -> Account:
    return reader(MANAGERS["smoobu"], host, through=desk.send, more={"block_nights": True})


async def bring(account: Account, *blocks: Block) -> None:
    await account.perform[SetNights](taken(*blocks), "promise-1")


def closures(desk: SmoobuDesk) -> set[tuple[int, int, int]]:
    """By their ids, with the days of April."""
    ours = [row for row in desk.booked.values() if row.note == MARK]
    return {(row.id, row.arrival.day, row.departure.day) for row in ours}


async def test_the_end_of_one_stay_opens_nothing_of_its_neighbour(desk: SmoobuDesk, account: Account) -> None:
    await bring(account, block(3, 5), block(5, 7))
    before = closures(desk)
    assert {each[1:] for each in before} == {(3, 5), (5, 7)}
    await bring(account, block(5, 7))
    assert closures(desk) == {each for each in before if each[1] == 5}


async def test_a_closure_whose_answer_got_lost_is_made_once(desk: SmoobuDesk, account: Account) -> None:
    desk.lost = 1
    with pytest.raises(Unavailable):
        await bring(account, block(3, 5))
    await bring(account, block(3, 5))
    assert len(closures(desk)) == 1


async def test_nights_that_are_sold_there_are_told_and_all_others_closed(desk: SmoobuDesk, account: Account) -> None:
    desk.book(1, day=32, nights=1)  # 2 April
    with pytest.raises(Rejected, match="bookings of its own from 2027-04-02 on"):
        await bring(account, block(1, 4), block(9, 10))
    assert {each[1:] for each in closures(desk)} == {(1, 2), (3, 4), (9, 10)}


async def test_a_block_that_a_person_made_there_is_neither_opened_nor_closed_again(
    desk: SmoobuDesk, account: Account
) -> None:
    desk.book(1, day=31, nights=2, state="block", note="The roof")
    await bring(account, block(2, 4), block(9, 10))
    assert {each[1:] for each in closures(desk)} == {(3, 4), (9, 10)}
    await bring(account)
    assert desk.booked[1].note == "The roof"
    assert closures(desk) == set()


async def test_closures_of_ours_are_not_told_to_us_as_blocks(desk: SmoobuDesk, account: Account) -> None:
    desk.book(1, day=31, nights=2, state="block", note="The roof")
    await bring(account, block(9, 10))
    (delivery,) = [each async for each in account.fetch(None)]
    assert b"The roof" in delivery.body
    assert MARK.encode() not in delivery.body


async def test_a_closure_that_somebody_opened_there_is_no_trouble(desk: SmoobuDesk, account: Account) -> None:
    await bring(account, block(3, 5))
    ((id_, _, _),) = closures(desk)
    ask, desk.faults = desk.booked.pop(id_), []
    await bring(account)
    assert ask.note == MARK
    assert closures(desk) == set()


async def test_one_booking_that_nobody_can_read_stops_no_other_night(desk: SmoobuDesk, host: Host) -> None:
    desk.book(1, day=40)

    async def odd(request: Request, rules: Rules) -> Answer:
        answer = await desk.send(request, rules)
        return replace(answer, body=answer.body.replace(b"2027-04-10", b"some day"))

    account = reader(MANAGERS["smoobu"], host, through=odd, more={"block_nights": True})
    await bring(account, block(3, 5))
    assert {each[1:] for each in closures(desk)} == {(3, 5)}


def test_no_night_is_closed_twice_or_when_it_is_over() -> None:
    wanted = (block(1, 4), block(3, 6), block(10, 12))
    assert spans(wanted, date(2027, 4, 2), {date(2027, 4, 11)}) == {
        (date(2027, 4, 2), date(2027, 4, 4)),
        (date(2027, 4, 4), date(2027, 4, 6)),
        (date(2027, 4, 10), date(2027, 4, 11)),
    }
    assert spans(wanted, APRIL + timedelta(days=30), set()) == set()
