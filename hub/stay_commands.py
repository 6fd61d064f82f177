"""What the command line may say of stays; the rules are in hub/bookings.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub import bookings, groups, workflow
from hub.bookings import NotFree
from hub.commandline import asks_stays as asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.groups import GroupChange
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.groups import summed
from hub.model.money import NoPrice, typed_amount
from hub.model.price_lines import Price, in_words, price_of, typed_lines
from hub.model.values import StayId, StayKind, UnitId
from hub.stay_changes import StayChange
from hub.store import proofs, stay_search, stays, steps
from hub.store.engine import Tx
from hub.store.stays import StayRow


def told_at(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def described(tx: Tx, row: StayRow, now: datetime) -> dict[str, JsonValue]:
    tally = proofs.tallies(tx, [row.id], now).get(row.id)
    return {
        "id": row.id,
        "unit": row.unit_id,
        "channel": row.channel_id,
        "kind": row.kind.value,
        "status": row.status.value,
        "guest": row.guest,
        "reference": row.reference,
        "arrival": None if row.arrival is None else row.arrival.isoformat(),
        "departure": None if row.departure is None else row.departure.isoformat(),
        "check_in": told_at(row.check_in),
        "check_out": told_at(row.check_out),
        "doors": 0 if tally is None else tally.doors,
        "proven": 0 if tally is None else tally.proven,
        "price": None if row.total is None else str(row.total),
        "price_lines": [[words, minor] for words, minor in in_words(row.price)],
        "expires_at": None,
    }


def kept(tx: Tx, id_: StayId, now: datetime) -> JsonValue:
    row = stays.stay(tx, id_)
    assert row is not None  # the same transaction has just written it
    return described(tx, row, now)


async def _add(hub: Hub, actor: str, ask: asks.StayAdd) -> JsonValue:
    kind = StayKind.OWNER if ask.owner else StayKind.RESERVATION
    told = ask.model_dump(exclude={"unit", "owner", "anyway", "price", "currency", "line", "also"})
    new = NewStay(**told, unit=UnitId(ask.unit), kind=kind)
    of_its_own = {"children": None, "infants": None, "pets": None, "special_requests": ""}
    further = [replace(new, unit=unit, guests=guests, **of_its_own) for unit, guests in map(_counted, ask.also)]  # type: ignore[arg-type]

    def work(tx: Tx) -> JsonValue:
        price = _price(tx, ask.price, ask.line, ask.currency)
        party = [replace(new, total=price.total, lines=price.lines), *further]
        made = groups.book(tx, hub.intake, party, actor, anyway=ask.anyway)
        return kept(tx, made[0], hub.clock.now())

    return await spoken(hub, work)


def _counted(said: str) -> tuple[UnitId, int | None]:
    """`flat-2=3`: a unit, and how many come there. Raises Rejected."""
    unit, _, guests = said.partition("=")
    if guests and not (guests.isascii() and guests.isdigit() and 1 <= int(guests[:5]) <= 1000):
        raise Rejected(f"--also {said}: say a unit and how many come there, e.g. flat-2=3")
    return UnitId(unit.strip()), int(guests) if guests else None


async def _group(hub: Hub, actor: str, ask: asks.StayGroup) -> JsonValue:
    return await hub.store.read(lambda tx: _together(tx, hub, StayId(ask.stay)))


def _together(tx: Tx, hub: Hub, id_: StayId) -> JsonValue:
    """Raises Rejected."""
    row, now = stays.stay(tx, id_), hub.clock.now()
    if row is None:
        raise Rejected(f"there is no stay “{id_}”")
    rows = groups.members(tx, row)
    in_all = summed(rows)
    return {
        "reference": row.reference,
        "units": in_all.units,
        "guests": in_all.guests,
        "prices": [str(each) for each in in_all.prices],
        "unpriced": in_all.unpriced,
        "stays": [described(tx, each, now) for each in rows],
        "to_change": [each.id for each in groups.to_change(rows, now)],
        "to_restore": [each.id for each in groups.to_restore(rows, now)],
    }


async def _group_move(hub: Hub, actor: str, ask: asks.StayGroupMove) -> JsonValue:
    said = GroupChange(ask.arrival, ask.departure, ask.check_in, ask.check_out)
    if said.nothing:
        raise Rejected("say what changes: --arrival, --departure, --check-in or --check-out")
    id_, seen = StayId(ask.stay), _seen(ask.stays)
    return await _all_of(
        hub, id_, lambda tx: groups.change(tx, hub.intake, id_, said, actor, anyway=ask.anyway, meant=seen)
    )


async def _group_cancel(hub: Hub, actor: str, ask: asks.StayGroupCancel) -> JsonValue:
    id_, seen = StayId(ask.stay), _seen(ask.stays)
    return await _all_of(
        hub, id_, lambda tx: groups.cancel(tx, hub.intake, id_, actor, in_full=ask.in_full, meant=seen)
    )


async def _group_restore(hub: Hub, actor: str, ask: asks.StayGroupRestore) -> JsonValue:
    id_, seen = StayId(ask.stay), _seen(ask.stays)
    return await _all_of(hub, id_, lambda tx: groups.restore(tx, hub.intake, id_, actor, anyway=ask.anyway, meant=seen))


def _seen(ids: Sequence[str] | None) -> frozenset[StayId] | None:
    return None if ids is None else frozenset(map(StayId, ids))


async def _all_of(hub: Hub, id_: StayId, do: Callable[[Tx], object]) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        do(tx)
        return _together(tx, hub, id_)

    return await spoken(hub, work)


def _price(tx: Tx, price: str, lines: Sequence[str], currency: str) -> Price:
    """Raises Rejected."""
    if not price and not lines:
        return Price(None, ())
    code = currency.strip().upper() or stay_search.usual_currency(tx)
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Rejected("say in which currency, e.g. --currency EUR")
    try:
        made_of = typed_lines("\n".join(lines), code)
        return price_of(typed_amount(price, code) if price else None, made_of, code)
    except ValueError as error:
        raise Rejected(f"the price {error}") from error


async def _extend(hub: Hub, actor: str, ask: asks.StayExtend) -> JsonValue:
    return await _change(
        hub, actor, ask, "say what changes: --departure, --check-in, --check-out, --price or --no-price"
    )


async def _say_anew(hub: Hub, actor: str, ask: asks.StayChanged) -> JsonValue:
    return await _change(hub, actor, ask, "say what changes; `--help` lists what may")


async def _change(hub: Hub, actor: str, ask: asks.StayExtend, nothing: str) -> JsonValue:
    told = ask.model_dump(exclude={"stay", "anyway", "price", "currency", "line", "unpriced"})
    id_, said = StayId(ask.stay), StayChange(**told | {"uncounted": frozenset(told.get("uncounted", ()))})
    if said.nothing and not ask.price and not ask.line and not ask.unpriced:
        raise Rejected(nothing)
    if (ask.price or ask.line) and ask.unpriced:
        raise Rejected("a price is said, or taken away, not both")

    def work(tx: Tx) -> JsonValue:
        price = _price(tx, ask.price, ask.line, ask.currency)
        total = NoPrice.UNPRICED if ask.unpriced else price.total
        anew = replace(said, total=total, lines=price.lines if ask.line else None)
        bookings.change(tx, hub.intake, id_, anew, actor, anyway=ask.anyway)
        return kept(tx, id_, hub.clock.now())

    return await spoken(hub, work)


async def _restore(hub: Hub, actor: str, ask: asks.StayRestore) -> JsonValue:
    id_ = StayId(ask.stay)

    def work(tx: Tx) -> JsonValue:
        bookings.restore(tx, hub.intake, id_, actor, anyway=ask.anyway)
        return kept(tx, id_, hub.clock.now())

    return await spoken(hub, work)


async def _stage(hub: Hub, actor: str, ask: asks.StayStage) -> JsonValue:
    id_, wanted = StayId(ask.stay), ask.stage
    if wanted is None:
        return await hub.store.read(lambda tx: _stands(tx, id_))

    def work(tx: Tx) -> JsonValue:
        workflow.say(tx, hub.intake, id_, wanted, ask.why, actor, anyway=ask.anyway)
        return _stands(tx, id_)

    return await spoken(hub, work)


def _stands(tx: Tx, id_: StayId) -> JsonValue:
    """Raises Rejected."""
    row, stage = stays.stay(tx, id_), steps.stage(tx, id_)
    if row is None or stage is None:
        raise Rejected(f"there is no stay “{id_}”")
    return {
        "stay": id_,
        "stage": stage.value,
        "may_become": [each.value for each in workflow.choices(tx, row)],
        "history": [
            {"at": told_at(each.at), "stage": each.after.value, "by": each.by, "why": each.why}
            for each in steps.history(tx, id_)
        ],
    }


async def spoken(hub: Hub, work: Callable[[Tx], JsonValue]) -> JsonValue:
    """Raises Rejected, with the way out where there is one."""
    try:
        return await hub.store.write(work)
    except NotFree as error:
        raise Rejected(f"{error}{' (--anyway does it all the same)' if error.soft else ''}") from error


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.StayAdd: _add,
    asks.StayGroup: _group,
    asks.StayGroupMove: _group_move,
    asks.StayGroupCancel: _group_cancel,
    asks.StayGroupRestore: _group_restore,
    asks.StayExtend: _extend,
    asks.StayChanged: _say_anew,
    asks.StayRestore: _restore,
    asks.StayStage: _stage,
}
