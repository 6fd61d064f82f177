"""For machines that watch: /healthz says that the hub answers, /metrics how it is, in the text form of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.errors import Unavailable
from hub.figures import Measured, measured
from hub.health import findings
from hub.hub import Hub
from hub.model.alerts import Level
from hub.model.codes import CodeState
from hub.model.figures import What
from hub.model.people import Scope, allows
from hub.store import code_list, doors, mail
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.throttle import here

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def add_probes(app: web.Application, hub: Hub) -> None:
    async def healthz(request: web.Request) -> web.Response:
        """Tells a stranger nothing but that somebody is at home."""
        try:
            await hub.store.read(mail.next_letter_due)
        except Unavailable:
            return web.Response(text="the store does not answer\n", status=503)
        return web.Response(text="ok\n")

    async def metrics(request: web.Request) -> web.Response:
        if not await _may_watch(request, hub):
            why = "from elsewhere, this needs a token with the scope “read”\n"
            return web.Response(text=why, status=401, headers={"WWW-Authenticate": "Bearer"})
        registry = CollectorRegistry()
        registry.register(_Snapshot(await hub.store.read(lambda tx: list(_measured(tx, hub)))))
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    app.router.add_route("GET", "/healthz", healthz)
    app.router.add_route("GET", "/metrics", metrics)


async def _may_watch(request: web.Request, hub: Hub) -> bool:
    """On the hub itself nobody needs a token; what a proxy handed on is not from the hub itself."""
    forwarded = any(name in request.headers for name in _FORWARDED)
    if request.remote is not None and here(request.remote) and not forwarded:
        return True
    scheme, _, text = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = await hub.tokens.holder(text.strip()) if scheme.lower() == "bearer" else None
    return token is not None and allows(token.scopes, Scope.READ)


class _Snapshot(Collector):
    def __init__(self, measured: list[Metric]) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        return [*self._measured, *ProcessCollector(registry=None).collect()]


def _measured(tx: Tx, hub: Hub) -> Iterator[Metric]:
    now = hub.clock.now()
    yield _one("gatehouse_clock_trusted", "1 while the hub believes its clock", float(hub.clock.trusted))
    levels = Counter(finding.level for finding in findings(tx, hub))
    yield _many("gatehouse_findings", "What is wrong, by level", "level", {each.value: levels[each] for each in Level})
    listed = (code.state(now, hub.tagbook.tags) for code in code_list.listing(tx))
    states = Counter(state for state in listed if state is not None)
    yield _many("gatehouse_codes", "Codes, by state", "state", {each.value: states[each] for each in CodeState})
    dead = Counter(letter.box for letter in mail.dead(tx))
    boxes = {box: dead[box] for box in ("inbox", "outbox")}
    yield _many("gatehouse_dead_letters", "What will not happen unless a person acts, by box", "box", boxes)
    yield from _locks(tx)
    yield from _figures(measured(tx, now, 30))
    states_now = ledger.channel_states(tx).values()
    good: dict[str, float] = {each.channel: each.good_at.timestamp() for each in states_now if each.good_at is not None}
    yield _many("gatehouse_channel_good_timestamp_seconds", "When a channel was last read well", "channel", good)
    yield _one("gatehouse_database_bytes", "Size of the database", hub.store.size)


def _locks(tx: Tx) -> Iterator[Metric]:
    found = doors.doors(tx)
    charge: dict[str, float] = {door.id: door.battery for door in found if door.battery is not None}
    yield _many("gatehouse_lock_battery_percent", "Charge of a lock's battery", "lock", charge)
    silent: dict[str, float] = {door.id: float(door.silent_since is not None) for door in found}
    yield _many("gatehouse_lock_silent", "1 while a lock does not answer", "lock", silent)


def _figures(told: Measured) -> Iterator[Metric]:
    words = "Of the last 30 days: " + ", ".join(f"{what.word} ({what.title.lower()})" for what in What)
    family = GaugeMetricFamily("gatehouse_lock_good_ratio", words, labels=["what", "lock"])
    for lock, counts in told.locks.items():
        for figure in counts.of_a_lock:
            if figure.of:
                family.add_metric([figure.what.word, lock], figure.good / figure.of)
    yield family
    all_ = (*told.house.figures, *told.house.of_bookings)
    house: dict[str, float] = {each.what.word: each.good / each.of for each in all_ if each.of}
    yield _many("gatehouse_good_ratio", "The same of the whole house", "what", house)
    goals = {what.word: what.goal / 1000 for what in What}
    yield _many("gatehouse_lock_goal_ratio", "What each of these is to exceed", "what", goals)
    seldom: dict[str, float] = {"sold_twice": told.house.sold_twice, "asked_for": told.house.asked_for}
    yield _many(
        "gatehouse_bookings", "Of 30 days: stays sold twice, times that a person saw to a channel", "what", seldom
    )
    latency = GaugeMetricFamily(
        "gatehouse_lock_latency_seconds",
        "From a command to its confirmation, 30 days: no longer than",
        labels=["lock", "quantile"],
    )
    for lock in told.answers:
        each = told.latency_at(lock)
        if each.half_ms is not None and each.most_ms is not None:
            latency.add_metric([lock, "0.5"], each.half_ms / 1000)
            latency.add_metric([lock, "0.95"], each.most_ms / 1000)
    yield latency
    if told.delay.half_s is not None and told.delay.most_s is not None:
        delays: dict[str, float] = {"0.5": told.delay.half_s, "0.95": told.delay.most_s}
        yield _many("gatehouse_code_delay_seconds", "From wanted at once to proven, 30 days", "quantile", delays)


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _many(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
