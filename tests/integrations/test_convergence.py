"""Whatever is lost, doubled or late on the way: after one good poll the house knows what one knows that read everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.contracts import Delivery, Host
from hub.contracts.accounts import EVENTS, Account
from hub.errors import Disappointment
from hub.intake import Intake
from hub.io.sandbox import InlineSandbox
from hub.io.vault import Vault
from hub.issuing import Desk as Issuing
from hub.model.facts import Fact
from hub.model.stays import READINGS
from hub.model.values import ChannelId, PropertyId, UnitId
from hub.store import house
from hub.store.engine import Store
from hub.store.house import ChannelRow, ClosedMeans, Origin, Property, Unit
from hub.store.stay_search import Wanted
from hub.store.stays import search
from tests.integrations.conftest import StoppedClock
from tests.simulators.home import ZONE, _migrated, simulate
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.desk import Booking, Desk, reply

CHANNEL: Final = ChannelId("manager")
IDS: Final = st.integers(1, 2)
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("book"), IDS, st.integers(0, 5)),
        st.tuples(st.just("move"), IDS, st.sampled_from(["101", "102"])),
        st.tuples(st.just("rename"), IDS, st.sampled_from(["Ada Lovelace", "Grace Hopper"])),
        st.tuples(st.just("longer"), IDS, st.integers(1, 2)),
        st.tuples(st.sampled_from(["cancel", "restore", "delete"]), IDS, st.just(0)),
        st.tuples(st.just("party"), IDS, st.tuples(st.integers(1, 4), st.integers(0, 2))),
        st.tuples(st.just("price"), IDS, st.sampled_from(["450.50", "512.00"])),
        st.tuples(st.just("poll"), st.just(0), st.sampled_from(["late", "kept", "lost", "twice", "broken"])),
        st.tuples(st.just("call"), IDS, st.sampled_from(["once", "twice"])),
        st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
        st.tuples(st.sampled_from(["shut", "open"]), st.integers(0, 6), st.integers(1, 3)),
    ),
    max_size=14,
)


@dataclass(slots=True)
class Hub:
    """As much of a hub as takes a delivery in: what could not be read lies in `late`, a person's to try again.

    As the inbox does it, everything is asked for anew then; so word of all ages is taken in in any order.
    """

    account: Account
    desk: Desk
    intake: Intake
    store: Store
    clock: StoppedClock
    cursor: str | None = None
    late: list[Delivery] = field(default_factory=list)

    async def poll(self, how: str) -> None:
        if how == "broken":
            self.desk.faults = [reply({}, 503)]
        try:
            told = [each async for each in self.account.fetch(self.cursor)]
        except Disappointment:
            return
        finally:
            self.desk.faults.clear()
        for delivery in told:
            if how == "lost":
                return  # it was never safe with us, so the cursor did not move
            self.cursor = delivery.cursor or self.cursor
            if how == "late":
                self.late.append(delivery)
                self.cursor = None
            else:
                await self.take(delivery)
            if how == "twice":
                await self.take(delivery)

    async def take(self, delivery: Delivery) -> None:
        def work(tx: Any, facts: list[Fact]) -> None:
            for fact in facts:
                self.intake.absorb(tx, fact, CHANNEL)

        facts = list(await self.account.parse(delivery))
        await self.store.write(lambda tx: work(tx, facts))

    async def call(self, booking: int, times: int) -> None:
        headers, body = self.desk.webhook(self.desk.booked[booking])
        delivery = Delivery(CHANNEL, "", body, self.clock.now(), EVENTS, headers)
        assert self.account.authentic(delivery)
        for _ in range(times):
            await self.take(replace(delivery, key=self.account.key(delivery)))

    async def known(self) -> dict[tuple[object, ...], object]:
        rows = await self.store.read(lambda tx: search(tx, Wanted(limit=500)))
        return {
            (row.reference or row.guest, row.unit_id, row.arrival): (
                *(row.departure, row.guest, row.kind, row.status),
                *(row.check_in, row.check_out),
                *(row.guests, row.adults, row.children, row.total, row.price_lines),
            )
            for row in rows
            if row.status.value != "cancelled"
        }


def hub_of(
    account: Callable[[Host], Account], desk: Desk, clock: StoppedClock, folder: Path, unit: UnitId | None = None
) -> Hub:
    """`unit`: whose alone the channel is; None: it has two listings."""
    folder.mkdir()
    (folder / "gatehouse.db").write_bytes(_migrated())
    vault = Vault.create(folder / "key")
    store = Store.open(str(folder / "gatehouse.db"), inline=True, synchronous="OFF")
    intake = Intake(Issuing(vault, lambda most: 0, clock.now, lambda: True))

    async def tell(fact: Fact) -> None:
        raise AssertionError("an account tells by parse")

    host = Host(CHANNEL, tell, clock, folder, lambda data: data, lambda data: data, InlineSandbox())
    hub = Hub(account(host), desk, intake, store, clock)

    def furnish(tx: Any) -> None:
        place = Property(PropertyId("house"), "House", ZONE, time(15), time(11), timedelta(hours=1), 6, Origin.SITE)
        house.keep_property(tx, place)
        for name in ("sea", "garden"):
            house.keep_unit(tx, Unit(UnitId(name), place.id, name, (), ClosedMeans.ASK, Origin.SITE))
        units = {} if unit else {"101": UnitId("sea"), "102": UnitId("garden")}
        sealed = house.sealed_settings(CHANNEL, {}, vault)
        house.keep_channel(tx, ChannelRow(CHANNEL, unit, "any", sealed, Origin.SITE, units))

    run(store.write(furnish))
    return hub


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """On a virtual clock: services that allow little are waited for in no time."""
    return simulate(work)


async def _live(hub: Hub, steps: list[tuple[str, int, Any]]) -> None:
    ids = {1: 1, 2: 2}
    for what, which, much in steps:
        hub.clock.turn(seconds=7)
        id_ = ids.get(which, which)
        match what:
            case "poll":
                await hub.poll(much)
            case "call" if id_ in hub.desk.booked:
                await hub.call(id_, 2 if much == "twice" else 1)
            case "wait":
                hub.clock.turn(minutes=which)
            case "shut" | "open":
                hub.desk.shut_by_hand("101", which, much, "block" if what == "shut" else "open")
            case "book" if id_ not in hub.desk.booked:
                hub.desk.book(id_, day=5 * which + much, guest=f"Guest {id_}")
            case "delete" if id_ in hub.desk.booked:
                hub.desk.delete(id_)
                ids[which] += 10  # no id is given twice
            case _ if id_ in hub.desk.booked:
                hub.desk.change(id_, **_change(what, much, hub.desk.booked[id_]))
    hub.clock.turn(seconds=7)


def _change(what: str, much: Any, known: Booking) -> dict[str, Any]:
    match what:
        case "move":
            return {"unit": much}
        case "rename":
            return {"guest": much}
        case "longer":
            return {"departure": min(known.departure + timedelta(days=much), date(2027, 5, 1))}
        case "cancel" | "restore":
            return {"state": "over" if what == "cancel" else "taken"}
        case "party":
            return {"adults": much[0], "children": much[1]}
        case "price":
            return {"total": much}
    return {}


async def _look_again(hub: Hub) -> None:
    """What is not listed any more is believed to be over after some readings of everything, and of no list that is empty."""
    for _ in range(READINGS):
        hub.clock.turn(minutes=1, seconds=hub.account.whole_every.total_seconds())
        await hub.poll("kept")


@pytest.mark.parametrize("manager", MANAGERS.values(), ids=lambda manager: str(manager.name))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, reverse=st.booleans())
@example(
    steps=[
        ("book", 1, 0),
        ("book", 2, 0),
        ("poll", 0, "late"),
        ("party", 1, (4, 0)),
        ("price", 2, "512.00"),
        ("cancel", 2, 0),
        ("poll", 0, "twice"),
        ("delete", 1, 0),
        ("restore", 2, 0),
        ("book", 1, 1),
        ("poll", 0, "lost"),
    ],
    reverse=False,
)
@example(steps=[("book", 1, 0), ("poll", 0, "late"), ("rename", 1, "Grace Hopper")], reverse=False)
@example(
    steps=[
        ("book", 1, 0),
        ("poll", 0, "kept"),
        ("wait", 30, 0),
        ("longer", 1, 1),
        ("poll", 0, "late"),
        ("move", 1, "102"),
        ("poll", 0, "late"),
        ("cancel", 1, 0),
    ],
    reverse=True,
)
def test_one_good_poll_makes_it_right(manager: Double, steps: list[tuple[str, int, Any]], reverse: bool) -> None:
    clock = StoppedClock(datetime(2027, 2, 1, 12, 0, tzinfo=ZONE))
    desk = manager.desk(clock.now)
    desk.book(99, "102", day=200, guest="Edda Lindqvist")
    with tempfile.TemporaryDirectory() as folder:
        of = partial(reader, manager, through=desk.send)
        hub = hub_of(of, desk, clock, Path(folder) / "one")
        fresh = hub_of(of, desk, clock, Path(folder) / "other")

        async def main() -> tuple[object, object]:
            await _live(hub, steps)
            clock.turn(minutes=11)  # no calendar is read oftener
            await hub.poll("kept")
            for delivery in reversed(hub.late) if reverse else hub.late:
                await hub.take(delivery)
            if any(what == "delete" for what, _, _ in steps):
                await _look_again(hub)
            await fresh.poll("kept")
            return await hub.known(), await fresh.known()

        try:
            ours, theirs = run(main())
        finally:
            hub.store.close()
            fresh.store.close()
    assert ours == theirs
