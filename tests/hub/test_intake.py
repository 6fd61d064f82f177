from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.model.values import StayKind
from hub.store import questions
from hub.store.engine import Tx
from tests.simulators.home import Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
START = CHECK_IN - timedelta(hours=2)
ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)


async def _extend(house: Home, departure: date, check_out: time | None = None) -> None:
    id_ = (await house.stay()).id

    def work(tx: Tx) -> None:
        house.hub.intake.extend_stay(tx, id_, "account:kim", departure=departure, check_out=check_out)

    await house.hub.store.write(work)


def test_a_channels_stay_is_not_extended_into_the_next_guests(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("b", DEPARTURE, date(2027, 3, 7), guest="Grace Hopper")
            await house.later(minutes=10)
            with pytest.raises(Rejected, match="somebody else"):
                await _extend(house, date(2027, 3, 5))
            with pytest.raises(Rejected, match="somebody else"):
                await _extend(house, DEPARTURE, time(15, 30))
            await _extend(house, DEPARTURE, time(14, 30))

    simulate(main())


def test_nights_that_a_channel_sold_twice_do_not_forbid_a_late_check_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("b", ARRIVAL, DEPARTURE, guest="Grace Hopper")
            await house.later(minutes=10)
            await _extend(house, DEPARTURE, time(12))
            assert (await house.stay()).check_out == datetime(2027, 3, 4, 11, 0, tzinfo=UTC)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_cancellation_is_not_undone_once_the_nights_are_another_guests(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            id_ = (await house.stay()).id
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, id_, "account:kim"))
            house.book("b", ARRIVAL, DEPARTURE, guest="Grace Hopper")
            await house.later(minutes=10)
            with pytest.raises(Rejected, match="somebody else"):
                await house.hub.store.write(lambda tx: house.hub.intake.restore_stay(tx, id_, "account:kim"))

    simulate(main())


def test_a_question_about_a_closure_that_is_over_can_still_be_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house:
            house.book("a", ARRIVAL, DEPARTURE, guest="", kind=StayKind.UNKNOWN)
            await house.until(datetime(2027, 3, 4, 12, 0, tzinfo=UTC))
            (question,) = await house.hub.store.read(questions.open_questions)
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, question.id, "block", "account:kim"))
            assert await house.hub.store.read(questions.open_questions) == []

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_questions_that_became_moot_leave_the_list_by_themselves(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=START) as house:
            house.book("a", ARRIVAL, DEPARTURE, guest="", kind=StayKind.UNKNOWN)
            house.book("b", date(2027, 3, 20), date(2027, 3, 22), guest="", kind=StayKind.UNKNOWN)
            await house.until(datetime(2027, 3, 5, 12, 0, tzinfo=UTC))
            (question,) = await house.hub.store.read(questions.open_questions)
            assert "20 March" in question.sentence

    simulate(main())
