"""The hub made and run: everything wired in one place, every task in one group.

Core tasks (store, inbox, outbox, reconciler, web): an unexpected exception ends the process and systemd starts it again.
State is on disk, so that is safe. Plugins run under their keeper.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from hub import audit, ended_since, issuing, people, tidying, workflow
from hub.accounts_told import AccountsTold, keepers, proof
from hub.adopting import Adopting, held
from hub.alerts import LOOK_EVERY, SETTLE, Alerts
from hub.batteries import Batteries
from hub.booking_news import BookingNews, BookingTeller
from hub.bus import Bus
from hub.closed_doors import ClosedDoors
from hub.config import Config, check_key_file
from hub.contracts import Clock, Sandbox
from hub.emergency import Emergencies
from hub.foreign_codes import ForeignCodes
from hub.guest_messages import GuestMessages
from hub.guests_told import GuestTeller
from hub.holds import HoldsEnd
from hub.hub import Hub
from hub.importing import Importer
from hub.inbox import Inbox
from hub.intake import Intake
from hub.io.clock import SystemClock, Trust, TurnedClock, Vouch
from hub.io.sandbox import ChildSandbox
from hub.io.systemd import Supervisor
from hub.io.tagbook import NAME, TagBook
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.ladder import Ladder
from hub.late_bolts import LateBolts
from hub.lock_record import Record
from hub.lock_views import Views
from hub.manifests import discover
from hub.model.codes import Grant
from hub.model.effects import Notify, PublishNights, TellBookings, TellPass, WriteToGuest
from hub.model.facts import Fact
from hub.model.values import ChannelId, LockId
from hub.outbox import Outbox
from hub.outer_places import OuterPlaces
from hub.pass_news import PassTeller
from hub.passes import PassKeeper
from hub.plugins import Plugins, host_maker
from hub.publishing import Publisher
from hub.radio import Radios
from hub.reconcile import Reconciler
from hub.schedule import Job, daily, every, keep_jobs
from hub.signin import SignIn
from hub.store import (
    backup,
    chain,
    codes,
    house,
    log,
    migrate,
    restoring,
    settings,
)
from hub.store import ladder as pools
from hub.store.engine import Store, Tx
from hub.telling import Messenger
from hub.timekeeping import Timekeeper
from hub.tokens import Tokens
from hub.unlock import Hand

logger = structlog.get_logger("hub")

STAMP_EVERY: Final = timedelta(minutes=10)
STAGES_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Turned:
    """A rehearsal's clock: from `start`, or from the last committed time if that is later, `speed` times as fast."""

    start: datetime
    speed: float


@dataclass(frozen=True, slots=True)
class Chance:
    """Where randomness comes from; a simulation hands in its own."""

    below: Callable[[int], int] = secrets.randbelow
    draw: Callable[[int], bytes] = secrets.token_bytes

    def spread(self) -> float:
        """In [0, 1)."""
        return self.below(1_000_000) / 1_000_000


@dataclass(frozen=True, slots=True)
class World:
    """What a hub is made on. A simulation hands in another one."""

    turned: Turned | None = None
    clock: Clock | None = None
    """Overrides the system's clock and `turned`; also used as the wall clock."""
    chance: Chance = Chance()
    sandbox: Sandbox | None = None
    inline: bool = False
    """The store and the hashing run in the loop's own thread."""
    look_every: timedelta = LOOK_EVERY
    """At least so often the hub looks for what is wrong, to tell people."""


def open_vault(config: Config) -> Vault:
    """The house's keys; new ones only for a new house. Raises Misconfigured."""
    check_key_file(config)
    if not config.key_file.exists() and not config.has_house:
        return Vault.create(config.key_file)
    return Vault.load(config.key_file)


@asynccontextmanager
async def made(config: Config, world: World | None = None, *, running: bool = True) -> AsyncIterator[Hub]:
    """A hub with everything wired and nothing running yet.

    Raises:
        Misconfigured, InUse, Damaged: with what to do about it.
    """
    world = world or World()
    config.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = open_vault(config)
    bus, backups = Bus(), config.state_dir / "backups"
    machine = SystemClock(Trust(last_committed=None))  # only names the backup that is made before a migration
    with (
        ExitStack() as last,
        Store.open(
            config.database,
            inline=world.inline,
            synchronous="OFF" if world.inline else "FULL",
            on_commit=bus.signal_all,
            draw=world.chance.draw,
            prepare=lambda place: migrate.migrate(
                place,
                back_up=lambda old: backup.back_up(
                    old, config.state_dir, backups, vault, recovery=None, now=machine.now()
                ),
            ),
        ) as store,
    ):
        tagbook = TagBook(config.state_dir / NAME)
        last.callback(tagbook.close)  # when the store has committed what it was given, and told the book
        store.outlast_with(tagbook.end)
        try:
            yield await _wired(config, world, vault, bus, store, tagbook, running=running)
        finally:
            await audit.drop_anchor(store, config.state_dir, machine.now())


async def _wired(
    config: Config, world: World, vault: Vault, bus: Bus, store: Store, tagbook: TagBook, *, running: bool
) -> Hub:
    for tag in await store.read(held):
        tagbook.add(tag)  # an adopted code may have missed it
    clock, wall = await _clocks(store, world)
    if isinstance(clock, TurnedClock):
        store.stamp_with(
            lambda tx: settings.commit_time(tx, clock.now())
        )  # no restart goes back behind what was decided
    desk = Desk(vault, world.chance.below, clock.now, lambda: clock.trusted)
    intake = Intake(desk)

    async def tell(teller: str, fact: Fact) -> None:
        await store.write(lambda tx: intake.absorb(tx, fact, teller))

    host = host_maker(
        clock=clock,
        state_dir=config.state_dir,
        tell=tell,
        seal=lambda data, about: vault.seal(data, about=about),
        unseal=lambda data, about: vault.open(data, about=about),
        sandbox=world.sandbox or ChildSandbox(),
        changed=bus.signal,
    )
    plugins = Plugins(wall=wall, host=host, changed=bus.signal)
    pace = 1.0 if world.turned is None else world.turned.speed
    views = Views(clock, plugins, tagbook, pace)
    record = Record(views, clock, vault, tagbook, _refusal(desk), proof(plugins, wall))
    hand = Hand(store, plugins, clock)
    publisher = Publisher(store, bus, clock, wall, plugins, vault)
    messages = GuestMessages(store, desk, wall, plugins, config.public_url)
    messenger = Messenger(store, vault, clock, plugins)
    pass_teller = PassTeller(messenger, desk, bus, wall)
    own = {
        Notify: messenger.perform,
        TellBookings: BookingTeller(messenger, clock).perform,
        TellPass: pass_teller.perform,
        PublishNights: publisher.perform,
        **keepers(store, desk, clock, plugins),
        WriteToGuest: messages.perform,
    }
    return Hub(
        config=config,
        state_dir=config.state_dir,
        store=store,
        vault=vault,
        bus=bus,
        clock=clock,
        wall=wall,
        tagbook=tagbook,
        plugins=plugins,
        desk=desk,
        intake=intake,
        inbox=Inbox(store, vault, bus, clock, wall, plugins, intake, world.chance.spread),
        outbox=Outbox(store, bus, wall, plugins, world.chance.spread, own),
        publisher=publisher,
        messages=messages,
        guest_teller=GuestTeller(messages, bus, clock, lambda: tagbook.ends),
        reconciler=Reconciler(store, vault, bus, clock, views, record, OuterPlaces(store, record)),
        hand=hand,
        batteries=Batteries(store, plugins, clock),
        emergencies=Emergencies(store, plugins, bus, clock, desk, hand, messages),
        accounts_told=AccountsTold(store, desk, bus, clock, wall, plugins),
        ladder=Ladder(store, desk, bus, clock, pace),
        adopting=Adopting(store, plugins, desk, tagbook),
        passes=PassKeeper(store, desk, bus, clock),
        pass_teller=pass_teller,
        radios=Radios(store, plugins, bus, clock, wall, intake),
        signin=SignIn(store, wall, inline=world.inline),
        tokens=Tokens(store, wall),
        alerts=Alerts(
            store=store,
            bus=bus,
            clock=clock,
            wall=wall,
            plugins=plugins,
            vault=vault,
            every=max(world.look_every, timedelta(seconds=5 * pace)),
            settle=SETTLE * pace,
        ),
        running=running,
    )


async def _clocks(store: Store, world: World) -> tuple[Clock, Clock]:
    if world.clock is not None:
        return world.clock, world.clock
    committed = await store.read(settings.committed_time)
    vouch = await store.read(settings.vouch)
    wall = SystemClock(
        Trust(last_committed=None if world.turned else committed, vouch=Vouch.parse(vouch) if vouch else None)
    )
    if world.turned is None:
        return wall, wall
    start = world.turned.start if committed is None else max(world.turned.start, committed)
    return TurnedClock(start, world.turned.speed, asyncio.get_running_loop()), wall


def _refusal(desk: Desk) -> Callable[[Tx, Grant, LockId, str, bool], None]:
    def refused(tx: Tx, grant: Grant, lock: LockId, words: str, other_digits: bool) -> None:
        entry = codes.issued(tx, grant.id)
        if entry is not None and entry.pass_ is not None:
            people.refused(tx, desk, entry, other_digits=other_digits)
            return
        issuing.refused(tx, desk, grant, lock, words=words, other_digits=other_digits)

    return refused


# ---- running --------------------------------------------------------------------------------------------------------

Serve = Callable[[Hub], Awaitable[None]]
"""A front of the hub (web pages, command socket) that runs until it is cancelled."""


async def run(hub: Hub, fronts: tuple[Serve, ...] = (), *, upkeep: bool = True) -> None:
    """Everything, until cancelled or until a core task fails. `upkeep`: make backups by the hour."""
    await _begin(hub)
    for name, told in hub.config.drivers.items():
        hub.plugins.prepare_driver(name, told)
    plug_services(hub)
    await plug_channels(hub)
    orphans = await hub.store.write(lambda tx: log.conclude_orphans(tx, hub.clock.now()))
    if orphans:
        logger.warning("commands were under way when the hub stopped; what became of them is unknown", count=orphans)
    async with asyncio.TaskGroup() as group:
        for name, work in (
            ("inbox", hub.inbox.read()),
            ("polls", hub.inbox.poll()),
            ("outbox", hub.outbox.run()),
            ("publisher", hub.publisher.run()),
            ("reconciler", hub.reconciler.run()),
            ("timekeeper", Timekeeper(hub.store, hub.desk, hub.bus, hub.clock).run()),
            ("holds", HoldsEnd(hub.store, hub.bus, hub.clock).run()),
            ("passes", hub.passes.run()),
            ("codes told", hub.pass_teller.run()),
            ("guests told", hub.guest_teller.run()),
            ("accounts", hub.accounts_told.run()),
            ("imports", Importer(hub.store, hub.desk, hub.bus).run()),
            ("ladder", hub.ladder.run()),
            ("drivers", hub.plugins.keep_drivers()),
            ("radios", hub.radios.run()),
            ("late bolts", LateBolts(hub.store, hub.plugins, hub.bus, hub.clock, hub.hand).run()),
            ("foreign codes", ForeignCodes(hub.store, hub.desk, hub.tagbook, hub.bus, hub.clock).run()),
            ("closed doors", ClosedDoors(hub.store, hub.messages, hub.bus, hub.clock).run()),
            ("alerts", hub.alerts.run()),
            ("bookings", BookingNews(hub.store, hub.bus, hub.clock, hub.wall, hub.vault, hub.plugins).run()),
            ("channels", _follow_channels(hub)),
            ("jobs", keep_jobs(_jobs(hub), hub.clock)),
            ("watchdog", _pet(hub, Supervisor())),
        ):
            group.create_task(work, name=name)
        if upkeep:
            group.create_task(keep_jobs(_upkeep(hub), hub.wall), name="upkeep")
        for front in fronts:
            group.create_task(_front(front, hub), name="front")


async def _begin(hub: Hub) -> None:
    """What was restored is doubted, and the audit chain goes on from where it was, or says that it does not."""

    def work(tx: Tx) -> bool:
        if settings.restored_and_not_started(tx):
            ended_since.take_back(tx, hub.tagbook.ends, hub.clock.now())
            restoring.doubt(tx, hub.clock.now())
            pools.discard_pools(tx, hub.clock.now())
        else:
            tx.ends.update(restoring.ends(tx, hub.tagbook.ends, hub.clock.now()))
        return audit.begin(tx, hub.state_dir, hub.wall.now())

    if not await hub.store.write(work):
        logger.error("the audit chain is not what it was when the hub stopped; see gatehouse audit verify")
    for lock, number in await hub.store.read(codes.empty_places):
        hub.tagbook.gone(lock, number)  # a plug that was pulled may have left the book behind
    await audit.drop_anchor(hub.store, hub.state_dir, hub.wall.now(), anew=True)


async def _front(front: Serve, hub: Hub) -> None:
    await front(hub)


async def _pet(hub: Hub, supervisor: Supervisor) -> None:
    """Tell systemd that we live, but only as long as the store answers."""
    await hub.store.heartbeat()
    supervisor.ready()
    try:
        while supervisor.pet_every is not None:
            await hub.store.heartbeat()
            supervisor.pet()
            await asyncio.sleep(supervisor.pet_every.total_seconds())
        await asyncio.Event().wait()
    finally:
        supervisor.stopping()


# ---- channels -------------------------------------------------------------------------------------------------------


def plug_services(hub: Hub) -> None:
    """Of the integrations with a section in gatehouse.toml, those that serve the whole hub."""
    plugins = discover()
    for name, told in hub.config.integrations.items():
        manifest = plugins.get(f"integration/{name}")
        if manifest is not None and manifest.service:
            hub.plugins.plug_service(name, told)


async def plug_channels(hub: Hub) -> None:
    """Give every channel that has none its integration, with the settings that count now."""
    for channel, what in (await hub.store.read(lambda tx: _channels(tx, hub))).items():
        if hub.plugins.integration(channel) is None:
            hub.plugins.plug_channel(channel, *what)


def _channels(tx: Tx, hub: Hub) -> dict[ChannelId, tuple[str, dict[str, Any], dict[str, Any]]]:
    found = {}
    for row in house.channels(tx):
        place = None if row.unit is None else house.property_of(tx, row.unit)
        told = {**hub.config.integrations.get(row.integration, {}), **house.opened_settings(row, hub.vault)}
        found[row.id] = (row.integration, told, {} if place is None else {"timezone": place.zone.key})
    return found


async def _follow_channels(hub: Hub) -> None:
    """A channel that is added, changed or removed while we run is plugged anew; the others are left in peace."""
    known = await hub.store.read(lambda tx: _channels(tx, hub))
    async with hub.bus.listen("house") as nudges:
        async for _ in nudges:
            wanted = await hub.store.read(lambda tx: _channels(tx, hub))
            for channel in known.keys() - wanted.keys():
                hub.plugins.unplug_channel(channel)
            for channel, what in wanted.items():
                if known.get(channel) != what:
                    hub.plugins.plug_channel(channel, *what)
            if known != wanted:
                hub.bus.signal("pollers")
            known = wanted


# ---- what recurs ----------------------------------------------------------------------------------------------------


def _jobs(hub: Hub) -> tuple[Job, ...]:
    now = hub.clock.now()
    pace = hub.reconciler.views.pace
    stamp = max(STAMP_EVERY, timedelta(seconds=pace))
    return (
        Job("stamp", every(stamp, start=now), lambda: _stamp(hub)),
        Job("stages", every(max(STAGES_EVERY, timedelta(seconds=pace)), start=now), lambda: _go_on(hub)),
        Job("tidy", daily(3, 30), lambda: tidying.tidy(hub)),
        Job("batteries", daily(10, 0), hub.batteries.ask_silent_ones),
    )


def _upkeep(hub: Hub) -> tuple[Job, ...]:
    """What wears by real time, however the house's clock is turned."""
    told: set[str] = set()
    now = hub.wall.now()
    return (
        Job("backup", every(timedelta(hours=1), start=now), lambda: _back_up(hub, told)),
        Job("audit", every(timedelta(days=1), start=now), lambda: _look_at_audit(hub)),
    )


async def _back_up(hub: Hub, told: set[str]) -> None:
    """Encrypted, opened and looked at before it bears its name; old ones go, hourly and daily ones stay.

    Args:
        told: what was left out before and need not be told again.
    """
    folder, recovery = hub.state_dir / "backups", await hub.store.read(settings.recovery)
    made = await asyncio.to_thread(
        backup.back_up, hub.store.place, hub.state_dir, folder, hub.vault, recovery=recovery, now=hub.wall.now()
    )
    if left_out := [each for each in made.left_out if each not in told]:
        told.update(left_out)
        logger.warning("links and large files of plugins are not in the backup", files=left_out)
    await asyncio.to_thread(backup.rotate, folder)
    await audit.drop_anchor(hub.store, hub.state_dir, hub.wall.now())


async def _look_at_audit(hub: Hub) -> None:
    """The journal gets the head too: it is one more place outside the database."""
    seen = await audit.look(hub.store, hub.state_dir, hub.wall)
    if seen.wrong:
        logger.error("the audit chain is not what it was", why=seen.wrong, link=seen.number)
    else:
        head = await hub.store.read(lambda tx: chain.seal_of(tx, seen.links))
        logger.info("the audit chain is whole", links=seen.links, head=head)


async def _stamp(hub: Hub) -> None:
    """Write the time down, so that a later start knows a clock that is behind it."""
    clock = hub.clock
    vouch = clock.vouch() if isinstance(clock, SystemClock) else None

    def work(tx: Tx) -> None:
        settings.commit_time(tx, clock.now())
        settings.keep_vouch(tx, vouch)

    await hub.store.write(work)


async def _go_on(hub: Hub) -> None:
    """Stays go on by the clock. Nothing is written where nothing is due."""
    if await hub.store.read(lambda tx: workflow.is_due(tx, hub.desk)):
        await hub.store.write(lambda tx: workflow.tick(tx, hub.desk))
    if await hub.store.read(lambda tx: issuing.is_released(tx, hub.desk)):
        await hub.store.write(lambda tx: issuing.release(tx, hub.desk))
