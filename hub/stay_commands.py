"""What the command line may say of stays; the rules are in hub/bookings.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub import bookings, workflow
from hub.bookings import NotFree
from hub.commandline import asks_stays as asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.money import NoPrice, typed_amount
from hub.model.price_lines import Price, in_words, price_of, typed_lines
from hub.model.values import StayId, StayKind, UnitId
from hub.stay_changes import StayChange
from hub.store import proofs, stay_search, stays, steps
from hub.store.engine import Tx
from hub.store.stays import StayRow


def _told(at: datetime | None) -> str | None:
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
        "check_in": _told(row.check_in),
        "check_out": _told(row.check_out),
        "doors": 0 if tally is None else tally.doors,
        "proven": 0 if tally is None else tally.proven,
        "price": None if row.total is None else str(row.total),
        "price_lines": [[words, minor] for words, minor in in_words(row.price)],
    }


def kept(tx: Tx, id_: StayId, now: datetime) -> JsonValue:
    row = stays.stay(tx, id_)
    assert row is not None  # the same transaction has just written it
    return described(tx, row, now)


async def _add(hub: Hub, actor: str, ask: asks.StayAdd) -> JsonValue:
    kind = StayKind.OWNER if ask.owner else StayKind.RESERVATION
    told = ask.model_dump(exclude={"unit", "owner", "anyway", "price", "currency", "line"})
    new = NewStay(**told, unit=UnitId(ask.unit), kind=kind)

    def work(tx: Tx) -> JsonValue:
        price = _price(tx, ask.price, ask.line, ask.currency)
        priced = replace(new, total=price.total, lines=price.lines)
        return kept(tx, bookings.book(tx, hub.intake, priced, actor, anyway=ask.anyway), hub.clock.now())

    return await _spoken(hub, work)


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

    return await _spoken(hub, work)


async def _restore(hub: Hub, actor: str, ask: asks.StayRestore) -> JsonValue:
    id_ = StayId(ask.stay)

    def work(tx: Tx) -> JsonValue:
        bookings.restore(tx, hub.intake, id_, actor, anyway=ask.anyway)
        return kept(tx, id_, hub.clock.now())

    return await _spoken(hub, work)


async def _stage(hub: Hub, actor: str, ask: asks.StayStage) -> JsonValue:
    id_, wanted = StayId(ask.stay), ask.stage
    if wanted is None:
        return await hub.store.read(lambda tx: _stands(tx, id_))

    def work(tx: Tx) -> JsonValue:
        workflow.say(tx, hub.intake, id_, wanted, ask.why, actor, anyway=ask.anyway)
        return _stands(tx, id_)

    return await _spoken(hub, work)


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
            {"at": _told(each.at), "stage": each.after.value, "by": each.by, "why": each.why}
            for each in steps.history(tx, id_)
        ],
    }


async def _spoken(hub: Hub, work: Callable[[Tx], JsonValue]) -> JsonValue:
    """Raises Rejected, with the way out where there is one."""
    try:
        return await hub.store.write(work)
    except NotFree as error:
        raise Rejected(f"{error}{' (--anyway does it all the same)' if error.soft else ''}") from error


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.StayAdd: _add,
    asks.StayExtend: _extend,
    asks.StayChanged: _say_anew,
    asks.StayRestore: _restore,
    asks.StayStage: _stage,
}
