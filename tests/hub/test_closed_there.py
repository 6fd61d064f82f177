"""hub.closed_there: days that people closed in an account's calendar become stays that keep their names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub import closed_there
from hub.intake import Intake
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.model.facts import CalendarRead, Fact, NightsTold, NightsUntold, StayReport
from hub.model.values import ChannelId, PropertyId, StayKind, StayStatus, UnitId
from hub.store import house, listings, questions
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Store
from hub.store.house import ChannelRow, ClosedMeans, Origin, Property, Unit
from hub.store.stays import StayRow
from tests.integrations.conftest import StoppedClock
from tests.integrations.test_convergence import run as simulated
from tests.simulators.home import ZONE, _migrated

DESK, FLAT = ChannelId("manager"), UnitId("flat")
MARCH: Final = date(2027, 3, 1)
"""The first day that is told of."""
NOTHING: Final = frozenset[date]()


def run(first: int, until: int) -> frozenset[date]:
    return frozenset(MARCH + timedelta(days=number) for number in range(first, until))


@dataclass(slots=True)
class Hub:
    store: Store
    intake: Intake
    clock: StoppedClock

    def tell(self, blocked: frozenset[date], owners: frozenset[date] = NOTHING, **more: Any) -> NightsTold:
        """As of ten minutes later than before."""
        self.clock.turn(minutes=10)
        days = MARCH, MARCH + timedelta(days=365)
        fact = replace(NightsTold(DESK, self.clock.now(), "101", *days, blocked, owners), **more)
        self.absorb(fact)
        return fact

    def absorb(self, fact: Fact) -> None:
        self.write(lambda tx: self.intake.absorb(tx, fact, DESK))

    def write(self, work: Any) -> Any:
        return simulated(self.store.write(work))

    def stays(self) -> list[StayRow]:
        since = self.clock.now() - timedelta(days=99)
        return [stay for _, stay in self.write(lambda tx: ledger.sources_of(tx, DESK, since=since))]

    def closed(self) -> list[tuple[int, int, str]]:
        """First night, day after the last, kind; of what is not cancelled."""
        live = [each for each in self.stays() if each.status is StayStatus.CONFIRMED]
        days = [(each.arrival or MARCH, each.departure or MARCH, each.kind.value) for each in live]
        return sorted(((first - MARCH).days, (until - MARCH).days, kind) for first, until, kind in days)

    def handed(self, nights: frozenset[date]) -> None:
        """We close these nights there, and no others."""

        def work(tx: Any) -> None:
            outlet = outlets.open_outlet(tx, DESK, FLAT, outlets.PUSH, self.clock.now())
            outlets.hand_over(tx, outlet, nights, self.clock.now())
            outlets.heard(tx, outlet, outlet.version, nights, self.clock.now())

        self.write(work)


@contextmanager
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "gatehouse.db").write_bytes(_migrated())
        vault = Vault.create(path / "key")
        store = Store.open(str(path / "gatehouse.db"), inline=True, synchronous="OFF")
        clock = StoppedClock(datetime(2027, 3, 1, 12, tzinfo=UTC))
        made = Hub(store, Intake(Desk(vault, lambda most: 0, clock.now, lambda: True)), clock)
        try:
            made.write(lambda tx: _furnish(tx, vault))
            yield made
        finally:
            store.close()


def _furnish(tx: Any, vault: Vault) -> None:
    place = Property(PropertyId("house"), "House", ZONE, time(15), time(11), timedelta(hours=1), 6, Origin.SITE)
    house.keep_property(tx, place)
    house.keep_unit(tx, Unit(FLAT, place.id, "Flat", (), ClosedMeans.ASK, Origin.SITE))
    sealed = house.sealed_settings(DESK, {}, vault)
    house.keep_channel(tx, ChannelRow(DESK, None, "guesty", sealed, Origin.SITE, {"101": FLAT}))


# ---- days become runs ------------------------------------------------------------------------------------------------


def test_days_in_a_row_are_one_closure_and_the_owner_s_are_a_stay() -> None:
    with hub() as here:
        here.tell(run(5, 8) | run(10, 11), owners=run(20, 22))
        assert here.closed() == [(5, 8, "block"), (10, 11, "block"), (20, 22, "owner")]


def test_a_run_that_grows_or_shrinks_stays_the_same_one() -> None:
    with hub() as here:
        here.tell(run(5, 8))
        (first,) = here.stays()
        for nights in (run(5, 10), run(3, 10), run(7, 9), run(8, 14)):
            here.tell(nights)
            (now,) = here.stays()
            assert now.id == first.id
            assert (now.arrival, now.departure) == (min(nights), max(nights) + timedelta(days=1))


def test_two_runs_that_become_one_and_part_again() -> None:
    with hub() as here:
        here.tell(run(5, 8) | run(10, 12))
        here.tell(run(5, 12))
        assert here.closed() == [(5, 12, "block")]
        here.tell(run(5, 8) | run(10, 12))
        assert here.closed() == [(5, 8, "block"), (10, 12, "block")]
        assert len(here.stays()) == 2, "what was opened comes back under its own name"


def test_what_is_not_closed_any_more_is_open_at_once() -> None:
    with hub() as here:
        here.tell(run(5, 8))
        here.tell(NOTHING)
        here.tell(NOTHING)
        (gone,) = here.stays()
        assert (gone.status, gone.kind) == (StayStatus.CANCELLED, StayKind.BLOCK)
        assert [each.what for each in here.write(lambda tx: outlets.entries(tx, DESK))] == [
            "1 no longer listed",
            "1 new",
        ]
        here.tell(run(5, 8))
        assert here.closed() == [(5, 8, "block")]


def test_nights_that_are_over_do_not_move_what_is_closed() -> None:
    """Nor do those that are not told of: a calendar may go on for less than it did."""
    with hub() as here:
        here.tell(run(0, 8) | run(300, 310))
        here.clock.turn(days=3)
        here.tell(run(2, 8) | run(300, 305), first=MARCH + timedelta(days=2), until=MARCH + timedelta(days=305))
        assert here.closed() == [(0, 8, "block"), (300, 310, "block")]
        here.tell(run(2, 7), first=MARCH + timedelta(days=2), until=MARCH + timedelta(days=299))
        assert here.closed() == [(0, 7, "block"), (300, 310, "block")]


def test_what_is_closed_beyond_the_last_day_that_is_told_changes_once_a_month_and_not_every_day() -> None:
    with hub() as here:
        ends, changed = [], set()
        for day in range(62):
            edge = 365 + day
            here.tell(run(100, edge), until=MARCH + timedelta(days=edge))
            (closure,) = here.stays()
            ends.append(closure.departure)
            changed.add(closure.changed_at)
        assert ends == [MARCH + timedelta(days=end) for end in (365, *[396] * 31, *[427] * 30)]
        assert all(end is not None and end >= MARCH + timedelta(days=365 + day) for day, end in enumerate(ends))
        assert len(changed) == 3
        here.tell(run(100, 420), until=MARCH + timedelta(days=427))
        assert here.closed() == [(100, 420, "block")], "where it ends is known at last"
        here.tell(run(100, 428), until=MARCH + timedelta(days=428))
        assert here.closed() == [(100, 428, "block")], "somebody closed more, which is no horizon that moved"


def test_an_owner_who_may_be_inside_is_not_put_out() -> None:
    with hub() as here:
        here.tell(NOTHING, owners=run(0, 4))
        here.clock.turn(days=1)
        here.tell(NOTHING)
        here.tell(NOTHING)
        assert here.closed() == [(0, 4, "owner")]
        assert [each.kind for each in here.write(questions.open_questions)] == ["gone"]


def test_older_word_that_comes_late_changes_nothing() -> None:
    with hub() as here:
        old = here.tell(run(5, 8))
        here.tell(run(20, 22))
        here.absorb(old)
        assert here.closed() == [(20, 22, "block")]


def test_a_listing_that_is_no_unit_here_closes_nothing() -> None:
    with hub() as here:
        here.tell(run(5, 8), listing="999")
        assert here.stays() == []


def test_what_a_person_opened_here_stays_open_while_it_is_closed_there() -> None:
    with hub() as here:
        here.tell(run(5, 8))
        (block,) = here.stays()
        here.write(lambda tx: here.intake.cancel_stay(tx, block.id, "account:Robin"))
        here.tell(run(5, 8))
        assert here.closed() == []
        here.tell(run(5, 9))
        assert here.closed() == [(5, 9, "block")], "something new is told"


# ---- what is not closed by people --------------------------------------------------------------------------------------


def test_our_own_word_does_not_come_back() -> None:
    with hub() as here:
        here.handed(run(5, 8))
        here.tell(run(5, 8))
        assert here.closed() == []
        here.tell(run(4, 10))
        assert here.closed() == [(4, 5, "block"), (8, 10, "block")], "night by night"


def test_nights_that_people_closed_before_we_did_stay_theirs() -> None:
    with hub() as here:
        here.tell(run(4, 10))
        here.handed(run(5, 8))
        here.tell(run(4, 10))
        assert here.closed() == [(4, 10, "block")]
        assert here.write(lambda tx: closed_there.nights_of(tx, DESK, FLAT, here.clock.now())) == run(4, 10)
        here.handed(NOTHING)
        here.tell(NOTHING)
        assert here.closed() == []
        assert here.write(lambda tx: closed_there.nights_of(tx, DESK, FLAT, here.clock.now())) == NOTHING


def test_the_account_s_own_booking_is_told_once() -> None:
    with hub() as here:
        here.tell(NOTHING, owners=run(5, 8))
        days = MARCH + timedelta(days=5), MARCH + timedelta(days=8)
        report = StayReport("r1", StayKind.OWNER, StayStatus.CONFIRMED, *days, listing="101")
        here.absorb(CalendarRead(DESK, here.clock.now(), (report,)))
        here.tell(NOTHING, owners=run(5, 8))
        assert here.closed() == [(5, 8, "owner")]


def test_a_list_of_bookings_leaves_out_nothing_that_was_closed() -> None:
    with hub() as here:
        here.tell(run(5, 8))
        for _ in range(5):
            here.clock.turn(hours=1)
            here.absorb(CalendarRead(DESK, here.clock.now(), ()))
        assert here.closed() == [(5, 8, "block")]
        assert here.write(questions.open_questions) == []
        here.tell(NOTHING)
        assert not here.write(lambda tx: ledger.any_missing(tx, DESK, here.clock.now())), (
            "nor is anything of it looked for there"
        )


# ---- a calendar that cannot be read ------------------------------------------------------------------------------------


def test_a_calendar_that_cannot_be_read_is_said_and_costs_nothing() -> None:
    with hub() as here:
        here.tell(run(5, 8))
        for _ in range(3):
            here.clock.turn(minutes=10)
            here.absorb(NightsUntold(DESK, here.clock.now(), "101", "it answers 500"))
        (state,) = here.write(listings.nights_failing)
        assert (state.listing, state.nights_why) == ("101", "it answers 500")
        told = [
            each.words for each in here.write(lambda tx: outlets.entries(tx, DESK)) if each.outcome == outlets.FAILED
        ]
        assert told == ["it answers 500"], "once"
        assert here.closed() == [(5, 8, "block")]
        here.tell(run(5, 8))
        assert here.write(listings.nights_failing) == []


def test_a_clock_that_was_ahead_hides_no_calendar_that_cannot_be_read() -> None:
    with hub() as here:
        here.clock.turn(days=900)
        here.tell(run(5, 8))
        here.clock.turn(days=-900)
        here.absorb(NightsUntold(DESK, here.clock.now(), "101", "it answers 500"))
        assert [each.nights_why for each in here.write(listings.nights_failing)] == ["it answers 500"]


# ---- whatever comes ------------------------------------------------------------------------------------------------------

NIGHTS: Final = st.frozensets(st.integers(0, 9), max_size=8)


@settings(max_examples=25, deadline=None)
@given(told=st.lists(st.tuples(NIGHTS, NIGHTS), min_size=1, max_size=4), last=st.integers(0, 3))
def test_what_was_told_last_is_what_is_closed(told: list[tuple[frozenset[int], frozenset[int]]], last: int) -> None:
    """In whatever order it is taken in."""
    with hub() as here:
        facts = []
        for blocked, owners in told:
            here.clock.turn(minutes=10)
            nights = [frozenset(MARCH + timedelta(days=20 + number) for number in each) for each in (blocked, owners)]
            days = MARCH, MARCH + timedelta(days=365)
            facts.append(NightsTold(DESK, here.clock.now(), "101", *days, *nights))
        for fact in [*facts[last:], *facts[:last], *facts]:
            here.absorb(fact)
        closed = {}
        for first, until, kind in here.closed():
            for number in range(first, until):
                assert number not in closed
                closed[number] = kind
        blocked, owners = told[-1]
        assert closed == {20 + each: "block" for each in blocked} | {20 + each: "owner" for each in owners}
