"""What codes of a property, a lock, a unit or a stay are like."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from hub import policies
from hub.model.policy import CodeKind, CodePolicy, Override
from hub.model.values import LockId, Pin, PropertyId, StayId, UnitId
from hub.site import MOST_BACKUPS
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import LockRow, Property
from web.api.problems import missing
from web.api.routes import Call
from web.api.stays import StayOut, change_stay
from web.api.wire import In, Nothing, Out, Whole

Minutes = Annotated[int, Field(ge=0, le=14 * 24 * 60), Whole]
Digits = Annotated[int, Field(ge=4, le=8), Whole]
Backups = Annotated[int, Field(ge=0, le=MOST_BACKUPS), Whole]
Distance = Annotated[int, Field(ge=1, le=3), Whole]


class PolicyOut(Out):
    kind: CodeKind = Field(description="`phone` and `fixed` are wishes: what is taken or too easy is drawn at random")
    digits: int = Field(description="of a new code, where the lock's own limits allow it")
    distance: int = Field(description="in how many digits two codes on one door differ at least")
    lead_min: int = Field(description="how long before the guest may come in a code begins to work")
    early_min: int = Field(description="how long before check-in a guest may come in")
    late_min: int = Field(description="how long after check-out a guest may come in again")
    ahead_min: int = Field(
        description="how long before it works a code is put into a lock that keeps it shut until then"
    )


class PropertyPolicyOut(PolicyOut):
    backups: int = Field(description="how many backup codes a lock keeps, where there is room")


class OwnOut(Out):
    kind: CodeKind | None
    digits: int | None
    distance: int | None
    lead_min: int | None
    early_min: int | None
    late_min: int | None
    ahead_min: int | None
    backups: int | None


class OverrideOut(Out):
    own: OwnOut = Field(description="null: as everywhere in the property")
    counts: PropertyPolicyOut = Field(description="what holds at this lock")


class PolicyIn(In):
    """What is null or left out stays as it is."""

    kind: CodeKind | None = None
    digits: Digits | None = None
    distance: Distance | None = None
    lead_min: Minutes | None = None
    early_min: Minutes | None = None
    late_min: Minutes | None = None
    ahead_min: Minutes | None = None


class PropertyPolicyIn(PolicyIn):
    """What is null or left out stays as it is."""

    backups: Backups | None = None


class OverrideIn(PolicyIn):
    """What is null or left out is as everywhere in the property."""

    backups: Backups | None = None


class PinIn(In):
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,10}$")] | None = Field(description="null: none of its own any more")


class TypedPinIn(In):
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,10}$")]


class UnitCodeOut(Out):
    unit: str
    set: bool = Field(description="whether the unit has a code of its own; the digits are not told")


def _out(policy: CodePolicy) -> PolicyOut:
    return PolicyOut(
        kind=policy.kind,
        digits=policy.digits,
        distance=policy.distance,
        lead_min=_minutes(policy.lead),
        early_min=_minutes(policy.early),
        late_min=_minutes(policy.late),
        ahead_min=_minutes(policy.ahead),
    )


def _of_property(row: Property) -> PropertyPolicyOut:
    return PropertyPolicyOut(**dict(_out(row.codes)), backups=row.backups)


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def _override(body: PolicyIn) -> Override:
    spans = {name: getattr(body, f"{name}_min") for name in ("lead", "early", "late", "ahead")}
    kept = {name: None if value is None else timedelta(minutes=value) for name, value in spans.items()}
    return Override(kind=body.kind, digits=body.digits, distance=body.distance, **kept)


def _own(row: LockRow) -> OwnOut:
    own = row.codes
    return OwnOut(
        kind=own.kind,
        digits=own.digits,
        distance=own.distance,
        lead_min=None if own.lead is None else _minutes(own.lead),
        early_min=None if own.early is None else _minutes(own.early),
        late_min=None if own.late is None else _minutes(own.late),
        ahead_min=None if own.ahead is None else _minutes(own.ahead),
        backups=row.backups,
    )


async def get_property_policy(call: Call, query: Nothing, body: Nothing) -> PropertyPolicyOut:
    id_ = PropertyId(call.path["property"])
    row = await call.hub.store.read(lambda tx: house.property_with(tx, id_))
    if row is None:
        raise missing("property", id_)
    return _of_property(row)


async def set_property_policy(call: Call, query: Nothing, body: PropertyPolicyIn) -> PropertyPolicyOut:
    id_ = PropertyId(call.path["property"])

    def work(tx: Tx) -> PropertyPolicyOut:
        row = house.property_with(tx, id_)
        if row is None:
            raise missing("property", id_)
        wanted = _override(body).over(row.codes)
        return _of_property(policies.of_property(tx, call.hub.intake, id_, wanted, call.actor, backups=body.backups))

    return await call.hub.store.write(work)


def _look_at_lock(tx: Tx, id_: LockId) -> OverrideOut:
    row = house.lock_with(tx, id_)
    if row is None:
        raise missing("lock", id_)
    counts = PropertyPolicyOut(**dict(_out(house.codes_at(tx, id_))), backups=house.backups_at(tx, id_))
    return OverrideOut(own=_own(row), counts=counts)


async def get_lock_policy(call: Call, query: Nothing, body: Nothing) -> OverrideOut:
    id_ = LockId(call.path["lock"])
    return await call.hub.store.read(lambda tx: _look_at_lock(tx, id_))


async def set_lock_policy(call: Call, query: Nothing, body: OverrideIn) -> OverrideOut:
    id_ = LockId(call.path["lock"])

    def work(tx: Tx) -> OverrideOut:
        _look_at_lock(tx, id_)
        policies.of_lock(tx, call.hub.intake, id_, _override(body), call.actor, backups=body.backups)
        return _look_at_lock(tx, id_)

    return await call.hub.store.write(work)


async def set_unit_code(call: Call, query: Nothing, body: PinIn) -> UnitCodeOut:
    id_ = UnitId(call.path["unit"])
    pin = None if body.pin is None else Pin(body.pin)

    def work(tx: Tx) -> UnitCodeOut:
        if house.unit_with(tx, id_) is None:
            raise missing("unit", id_)
        call.hub.intake.type_unit_code(tx, id_, pin, call.actor)
        return UnitCodeOut(unit=id_, set=pin is not None)

    return await call.hub.store.write(work)


async def set_stay_code(call: Call, query: Nothing, body: TypedPinIn) -> StayOut:
    def type_it(tx: Tx, id_: StayId) -> None:
        call.hub.intake.type_code(tx, id_, Pin(body.pin), call.actor)

    return await change_stay(call, type_it)
