"""Facts are absorbed here, and a person's decisions carried out: one transaction each, and doing it twice changes nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from hub import (
    calendars,
    changes,
    closed_there,
    contacts,
    diaries,
    foreign_codes,
    guest_page,
    hearing,
    issuing,
    people,
    pushing,
    readings,
    refunding,
    sightings,
)
from hub.calendars import cancel, set_apart, timed
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.facts import (
    BookingKept,
    CalendarFailed,
    CalendarRead,
    EntryTouched,
    EventRead,
    Fact,
    GuestMoved,
    LockFound,
    NewsAnnounced,
    NightsTold,
    NightsUntold,
    RadioAlarm,
    StayReported,
)
from hub.model.money import Money
from hub.model.price_lines import PriceLine
from hub.model.stays import local_instant
from hub.model.values import (
    BESIDES,
    CODED,
    ChannelId,
    GrantId,
    Pin,
    StayId,
    StayKind,
    StayStatus,
    UnitId,
    clean,
    told_besides,
)
from hub.model.workflow import Stage
from hub.readings import SoFar
from hub.stay_changes import StayChange, changed, last4_of, party_of, priced
from hub.store import alarms, bookings, codes, house, log, questions, restoring, staying, steps
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.stays import StayRow

LONGEST_STAY: Final = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class NewStay:
    """A booking that came by telephone. Times are local to the property; None: the house rules'."""

    unit: UnitId
    arrival: date
    departure: date
    guest: str
    phone: str = ""
    email: str = ""
    note: str = ""
    check_in: time | None = None
    check_out: time | None = None
    kind: StayKind = StayKind.RESERVATION
    """Or OWNER."""
    guests: int | None = None
    """Adults and children."""
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    total: Money | None = None
    """What the guest pays."""
    lines: tuple[PriceLine, ...] = ()
    """What that is made of."""
    awaits_payment: bool = False
    """Its nights are kept for a while, and it gets no code before a person confirms it."""
    reference: str = ""
    """By which a booking is known; stays that have it in common are one (hub/groups.py)."""
    special_requests: str = ""
    company: str = ""
    purpose: str = ""
    """Of the journey."""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    desk: Desk

    def absorb(self, tx: Tx, fact: Fact, teller: str) -> None:
        """`teller`: the channel or driver that told it."""
        match fact:
            case CalendarRead() | StayReported():
                self._hear(tx, fact)
            case CalendarFailed():
                self._not_heard(tx, fact)
            case EventRead():
                hearing.note_news(tx, fact, diaries.absorb_event(tx, self.desk, fact))
            case NightsTold() | NightsUntold():
                closed_there.absorb(tx, self.desk, fact)
            case EntryTouched():
                diaries.touched(tx, self.desk, fact)
            case BookingKept():
                pushing.kept(tx, fact, self.desk.now())
            case GuestMoved():
                calendars.absorb_guest(tx, self.desk, fact)
            case NewsAnnounced():
                tx.signal(f"poll:{fact.channel}")
            case LockFound():
                met = sightings.absorb(tx, fact, teller)
                if met is not None:
                    issuing.fit(tx, self.desk, met)
                    people.fit(tx, self.desk, met)
            case RadioAlarm():
                alarms.absorb(tx, teller, fact)
            case _:
                sightings.absorb(tx, fact, teller)

    def absorb_part(self, tx: Tx, fact: Fact, teller: str, so_far: SoFar | None, most: int) -> SoFar | None:
        """As `absorb`, but of a long list no more than `most` reports that say something new; None: that was the last part."""
        if isinstance(fact, CalendarRead):
            return readings.absorb(tx, self.desk, fact, so_far, most)
        self.absorb(tx, fact, teller)
        return None

    def _hear(self, tx: Tx, fact: CalendarRead | StayReported) -> None:
        if isinstance(fact, CalendarRead):
            readings.absorb(tx, self.desk, fact, None, sys.maxsize)
            return
        _mind_unit(tx, fact)
        pushing.recognise(tx, fact.channel, [fact.stay], fact.at)
        hearing.note_news(tx, fact, calendars.absorb_report(tx, self.desk, fact))

    def _not_heard(self, tx: Tx, fact: CalendarFailed) -> None:
        if house.channel_with(tx, fact.channel) is not None:  # else it was removed while it was being read
            hearing.note_failure(tx, fact)
            ledger.channel_failed(tx, fact.channel, fact.at, fact.why)

    # ---- what people decide ----

    def add_stay(self, tx: Tx, new: NewStay, actor: str) -> StayId:
        """Raises Rejected when the dates make no sense, are over, or are taken."""
        place = house.property_of(tx, new.unit)
        if place is None:
            raise Rejected(f"there is no unit called “{new.unit}”")
        if new.departure <= new.arrival:
            raise Rejected("the departure must be after the arrival")
        if new.departure - new.arrival > LONGEST_STAY:
            raise Rejected("a stay of more than two years is most likely a typing error")
        if new.kind not in CODED:
            raise Rejected("a stay is a guest's or the owner's own")
        now = self.desk.now()
        id_ = StayId(tx.new_id(now))
        contact = {"phone": clean(new.phone, limit=40), "email": clean(new.email, limit=200)}
        besides: dict[str, Any] = {name: told_besides(name, getattr(new, name)) for name in BESIDES}
        row = StayRow(
            id=id_,
            unit_id=new.unit,
            channel_id=None,
            kind=new.kind,
            status=StayStatus.TENTATIVE if new.awaits_payment else StayStatus.CONFIRMED,
            arrival=new.arrival,
            departure=new.departure,
            own_check_in=None if new.check_in is None else _at(new.arrival, new.check_in, place, latest=False),
            own_check_out=None if new.check_out is None else _at(new.departure, new.check_out, place, latest=True),
            check_in=None,
            check_out=None,
            guest=clean(new.guest, limit=120),
            reference=clean(new.reference, limit=60),
            phone_last4=last4_of(contact["phone"]),
            contact=None,
            guests=None,
            note=clean(new.note),
            made_at=now,
            changed_at=now,
            **besides,
        )
        row = party_of(contacts.kept(self.desk.vault, row, contact), new.guests, new.children, new.infants, new.pets)
        self._keep(tx, timed(priced(row, new.total, new.lines), place), actor, changes.ADDED)
        if new.awaits_payment:
            steps.put(tx, id_, Stage.PAYMENT_PENDING, new=False, at=now, by=actor, why="")
        return id_

    def extend_stay(
        self,
        tx: Tx,
        id_: StayId,
        actor: str,
        *,
        departure: date | None = None,
        check_in: time | None = None,
        check_out: time | None = None,
    ) -> None:
        """Another departure, an early check-in, a late check-out; what is None stays. Raises Rejected."""
        self.change_stay(tx, id_, StayChange(departure, check_in, check_out), actor)

    def foresee_change(self, tx: Tx, id_: StayId, said: StayChange) -> tuple[StayRow, StayRow]:
        """The stay as it is, and as it would be. Raises as `change_stay`."""
        stay, place = self._live(tx, id_)
        return stay, changed(self.desk, stay, place, said)

    def change_stay(self, tx: Tx, id_: StayId, said: StayChange, actor: str) -> None:
        """What a person says anew of a stay. Raises Rejected, where its new nights are somebody else's too."""
        stay, moved = self.foresee_change(tx, id_, said)
        self._mind_others(tx, stay, moved)
        self._keep(tx, moved, actor, changes.CHANGED)

    def move_stay(
        self, tx: Tx, id_: StayId, unit: UnitId, actor: str, *, days: tuple[date, date] | None = None
    ) -> None:
        """Another unit, and other days where they are given. Raises Rejected when there is no such unit, or somebody else
        stays there then."""
        stay, _ = self._live(tx, id_)
        place = house.property_of(tx, unit)
        if place is None:
            raise Rejected(f"there is no unit called “{unit}”")
        if unit == stay.unit_id:
            raise Rejected("the stay is in that unit already")
        home = stay.moved_from or stay.unit_id
        came_from = None if stay.channel_id is None or unit == home else home
        row = stay if days is None else changed(self.desk, stay, place, StayChange(arrival=days[0], departure=days[1]))
        moved = timed(replace(row, unit_id=unit, moved_from=came_from, changed_at=self.desk.now()), place)
        self._mind_others(tx, None, moved)
        self._keep(tx, moved, actor, changes.MOVED)

    def cancel_stay(self, tx: Tx, id_: StayId, actor: str, *, in_full: bool = False) -> None:
        """Its codes leave the locks at once. Raises Rejected when there is no such live stay.

        Args:
            in_full: all of its price is to be given back, whatever the house's rules say.
        """
        stay, _ = self._live(tx, id_)
        refund = refunding.owed(tx, self.desk, stay, in_full=in_full)
        told = "" if refund is None else refund.sentence
        cancel(tx, self.desk, stay, actor, f"cancelled by {actor}", because=told)
        if refund is not None:
            refunding.remind(tx, self.desk, stay, refund)

    def confirm_stay(self, tx: Tx, id_: StayId, actor: str) -> None:
        """Raises Rejected when it waits for nothing, or its dates are taken by now."""
        stay, _ = self._live(tx, id_)
        if stay.status is not StayStatus.TENTATIVE:
            raise Rejected("the stay is confirmed already")
        sure = replace(stay, status=StayStatus.CONFIRMED, changed_at=self.desk.now())
        self._mind_others(tx, None, sure)
        self._keep(tx, sure, actor, changes.CONFIRMED)

    def restore_stay(self, tx: Tx, id_: StayId, actor: str) -> None:
        """Undo a cancellation. Raises Rejected when it is not cancelled, is over, or its dates are taken by now."""
        stay = ledger.stay(tx, id_)
        if stay is None or stay.status is not StayStatus.CANCELLED:
            raise Rejected("there is no such cancelled stay")
        if stay.check_out is None or stay.check_out <= self.desk.now():
            raise Rejected("the stay is over")
        back = replace(
            stay, status=StayStatus.CONFIRMED, cancelled_at=None, cancelled_why=None, changed_at=self.desk.now()
        )
        questions.withdraw(tx, refunding.REFUND, id_, self.desk.now())
        self._mind_others(tx, None, back)
        self._keep(tx, back, actor, changes.BACK)

    def undo_departure(self, tx: Tx, id_: StayId, actor: str) -> None:
        """Whoever left early is inside after all. Raises Rejected where the rest of the nights is somebody else's by now."""
        stay, _ = self._live(tx, id_)
        inside = replace(stay, left_at=None, changed_at=self.desk.now())
        try:
            self._mind_others(tx, stay, inside)
            self._keep(tx, inside, actor, changes.CHANGED)
        except Rejected as error:
            raise Rejected(f"the guest left, and cannot be inside again: {error}") from error

    def redraw(self, tx: Tx, id_: StayId, actor: str) -> None:
        """Another PIN on every door, and no link to the guest's page any more. Raises Rejected."""
        stay, _ = self._live(tx, id_)
        issuing.redraw(tx, self.desk, stay, actor)
        guest_page.reissued(tx, self.desk, id_, actor)
        questions.withdraw(tx, "refused", id_, self.desk.now())

    def type_code(self, tx: Tx, id_: StayId, pin: Pin, actor: str) -> None:
        """The PIN that somebody chose, on every door of a stay; its link ends as with other digits. Raises Rejected."""
        stay, _ = self._live(tx, id_)
        issuing.type_code(tx, self.desk, stay, pin, actor)
        guest_page.reissued(tx, self.desk, id_, actor)
        questions.withdraw(tx, "refused", id_, self.desk.now())

    def type_unit_code(self, tx: Tx, id_: UnitId, pin: Pin | None, actor: str) -> None:
        """The PIN of a unit's guests, where codes are fixed; None: no such PIN. Raises Rejected."""
        unit = house.unit_with(tx, id_)
        if unit is None:
            raise Rejected(f"there is no unit called “{id_}”")
        issuing.type_unit_code(tx, self.desk, unit, pin, actor)

    def end_code(self, tx: Tx, grant: GrantId, actor: str) -> None:
        """End a code that belongs to no stay. Raises Rejected."""
        entry = codes.issued(tx, grant)
        if entry is None or entry.stay is not None or entry.grant.revoked:
            raise Rejected("there is no such code, or it ended already")
        codes.revoke(tx, [grant], self.desk.now())
        log.record(tx, self.desk.now(), actor, "code ended", f"lock:{entry.lock}", detail=entry.label)

    def dismiss(self, tx: Tx, id_: int, actor: str) -> None:
        """Take note of an alarm. One that lasts comes back only after it was over. Raises Rejected."""
        row = alarms.dismiss(tx, id_, actor, self.desk.now())
        if row is None:
            raise Rejected("there is no such alarm, or it is over")
        log.record(tx, self.desk.now(), actor, "alarm dismissed", f"radio:{row.driver}", detail=row.words)

    def answer(self, tx: Tx, id_: str, value: str, actor: str) -> None:
        """Raises Rejected when the question is gone or answered, or has no such answer."""
        question = questions.question(tx, id_)
        if question is None or value not in {option for option, _ in question.options}:
            raise Rejected("there is no such question, or it has no such answer")
        if not questions.answer(tx, id_, value, actor, self.desk.now()):
            raise Rejected("somebody has answered this already")
        log.record(tx, self.desk.now(), actor, f"answered: {value}", f"{question.kind}:{question.subject}")
        if question.kind == restoring.FOREIGN:
            foreign_codes.answer(tx, self.desk, question, value, actor)
            return
        stay = ledger.stay(tx, StayId(question.subject))
        if stay is None:
            return
        match question.kind, value:
            case "closure" | "sold", ("reservation" | "owner" | "block"):
                row = replace(stay, kind=StayKind(value), changed_at=self.desk.now())
                if not _over(stay, self.desk.now()):
                    self._keep(tx, row, actor, changes.EXPLAINED)
            case "twin", other if other != "same":
                set_apart(tx, self.desk, stay, ChannelId(other.removeprefix("other:")), actor)
            case "gone", "cancel":
                cancel(tx, self.desk, stay, actor, f"cancelled by {actor}")
            case refunding.REFUND, "done":
                refunding.given_back(tx, self.desk, stay.id, actor)
            case "refused" | "restored", "redraw":
                issuing.redraw(tx, self.desk, stay, actor)

    def answer_foreign(self, tx: Tx, word: str, actor: str) -> None:
        """The same for all locks that are asked about: `leave` or `clear`. Raises Rejected."""
        for question in restoring.asked(tx).values():
            option = next((value for value, _ in question.options if value.partition(":")[0] == word), word)
            self.answer(tx, question.id, option, actor)

    def replan_unit(self, tx: Tx, unit: UnitId) -> None:
        """House rules or doors changed: times and codes of its stays are worked out again."""
        place = house.property_of(tx, unit)
        for stay in staying.live_in(tx, unit, self.desk.now()):
            row = stay if place is None else timed(stay, place)
            if row != stay:
                ledger.keep(tx, row)
            issuing.replan(tx, self.desk, row)

    # ---- shared ----

    def _mind_others(self, tx: Tx, before: StayRow | None, row: StayRow) -> None:
        """Raises Rejected when a person's change would put a stay, from wherever it came, on another guest's nights.

        Where it stood there already, a channel has sold them twice; that is not this change's doing.
        """
        hours = row.takes
        if hours is None or hours.end is None:
            return
        had = None if before is None else before.takes
        already = set[StayId]()
        if before is not None and had is not None:
            already = {stay.id for stay in ledger.guests_between(tx, before.unit_id, had)}
        others = ledger.guests_between(tx, row.unit_id, hours)
        if any(stay.id != row.id and stay.id not in already for stay in others):
            raise Rejected("somebody else stays there on some of these nights")
        held = [each for each in bookings.live_holds(tx, self.desk.now()) if each.unit == row.unit_id]
        if any(each.check_in < hours.end and hours.start < each.check_out for each in held):
            raise Rejected("somebody holds some of these nights")

    def _keep(self, tx: Tx, row: StayRow, actor: str, action: str) -> None:
        before = ledger.stay(tx, row.id)
        still = (
            before is not None
            and before.check_out == row.check_out
            and not staying.is_over(tx, before, self.desk.now())
        )
        if _over(row, self.desk.now()) and not still:
            raise Rejected("the stay would be over already")
        try:
            with tx.attempt():
                changes.keep(tx, self.desk, before, row, changes.Word(actor, action), why=action)
        except IntegrityError as error:
            if "overlap" not in str(error.orig):
                raise
            raise Rejected("somebody else stays there on some of these nights") from error

    def _live(self, tx: Tx, id_: StayId) -> tuple[StayRow, Property]:
        stay = ledger.stay(tx, id_)
        place = None if stay is None else house.property_of(tx, stay.unit_id)
        if stay is None or place is None or stay.arrival is None or stay.departure is None:
            raise Rejected("there is no such stay")
        if stay.status not in (StayStatus.CONFIRMED, StayStatus.TENTATIVE):
            raise Rejected("the stay is cancelled; undo that first")
        return stay, place


def _mind_unit(tx: Tx, fact: StayReported) -> None:
    """Raises Rejected where a channel of one unit is told of another one: a person should see that.

    Any other word is the sender's own for the one that it has.
    """
    channel, word = house.channel_with(tx, fact.channel), fact.stay.listing.casefold()
    if channel is None or channel.unit is None or not word:
        return
    if fact.stay.status is StayStatus.CANCELLED and ledger.source(tx, channel.id, fact.stay.uid) is not None:
        return  # it was taken before another unit got that name
    named = [unit for unit in house.units(tx) if word in (unit.id.casefold(), unit.name.casefold())]
    if named and channel.unit not in {unit.id for unit in named}:
        raise Rejected(
            f"unit: it says “{clean(fact.stay.listing, limit=60)}”, and the channel “{channel.id}” is of “{channel.unit}” alone; "
            "leave it out, or give the channel `units` with the partner's word for each"
        )


def _over(stay: StayRow, now: datetime) -> bool:
    return stay.check_out is not None and stay.check_out <= now


def _at(day: date, at: time, place: Property, *, latest: bool) -> datetime:
    return local_instant(day, at, place.zone, latest=latest)
