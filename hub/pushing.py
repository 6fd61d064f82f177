"""Bookings that are made here go to the account that lets the unit elsewhere (R546 to R593), and follow what becomes of them.

What the account should know is worked out from the stays, and compared with what it was told. Each difference is a promise;
whoever keeps it sends the stay as it is by then. Nothing of a stay waits for any of this (R572).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import contacts, other_days
from hub.contracts import Clock
from hub.contracts.accounts import Account, CancelledThere
from hub.errors import Disappointment, Rejected, Unavailable
from hub.findings import Look
from hub.io.vault import NOT_OPENED
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.effects import OURS, Effect, KeepBooking, PushStay
from hub.model.facts import BookingKept, StayReport
from hub.model.values import BESIDES, NIGHTLY, ChannelId, Part, StayId, StayStatus, UnitId
from hub.plugins import Plugins
from hub.store import house, listings, log, mail, pushes
from hub.store import publishing as sync_log
from hub.store import stays as ledger
from hub.store.engine import Store, Tx
from hub.store.pushes import NOWHERE, Push, PushState
from hub.store.stays import Source, StayRow

logger = structlog.get_logger("push")

ATTEMPTS: Final = 3
"""R553; from then on it counts as failed, and is tried more slowly."""
OPENING: Final = timedelta(seconds=5)
"""Until nights that we closed there are looked at again, which we open ourselves."""
LATELY: Final = timedelta(days=30)
"""R574."""


PART_WORDS: Final = {
    Part.UNIT: "the unit",
    Part.DAYS: "the days",
    Part.STATUS: "the status",
    Part.PARTY: "how many come",
    Part.GUEST: "the guest's name and contact",
    Part.NOTES: "the notes",
    Part.PRICE: "the price",
}


def key_of(id_: StayId) -> str:
    """How an account knows the booking as ours. 29 letters; Guesty takes 5 to 30."""
    return f"{OURS}{id_}"


@dataclass(frozen=True, slots=True)
class Pushing:
    """An account that bookings are pushed to."""

    channel: ChannelId
    rehearses: bool
    keeps_waiting: bool


def accounts(plugins: Plugins) -> list[Pushing]:
    """Those that were told to take our bookings."""
    return [
        Pushing(id_, *((each.rehearses, each.keeps_waiting) if isinstance(each, Account) else (False, True)))
        for id_, each in sorted(plugins.channels.items())
        if KeepBooking in each.perform
    ]


# ---- what the account should know -----------------------------------------------------------------------------------


def promise_all(tx: Tx, desk: Desk, to: Sequence[Pushing], wall: datetime) -> int:
    """A promise for each booking that the account knows differently; how many. Doing it twice changes nothing."""
    count = 0
    for account in to:
        for row in changes(tx, desk, account):
            pushes.keep(tx, row)
            _promise(tx, row, wall)
            count += 1
    return count


def changes(tx: Tx, desk: Desk, account: Pushing) -> Iterator[Push]:
    """Each wish that is new, as its row should be."""
    known, units = pushes.known(tx, account.channel, desk.now()), _listings(tx, account.channel)
    wanted = dict.fromkeys(pushes.made_here(tx, list(units), desk.now()))
    for id_ in dict.fromkeys((*wanted, *known)):
        stay = ledger.stay(tx, id_)
        if stay is None or (stay.check_out is not None and stay.check_out <= desk.now()):
            continue
        row, wanted_now = known.get(id_), parts_of(desk, stay, units.get(stay.unit_id, ""))
        if row is None:
            yield Push(account.channel, id_, None, PushState.PENDING, wanted_now, 1)
        elif row.wanted != wanted_now or (row.dry and row.state is PushState.SYNCED and not account.rehearses):
            yield anew(replace(row, wanted=wanted_now))


def anew(row: Push) -> Push:
    return replace(row, revision=row.revision + 1, attempts=0, error="", state=PushState.PENDING)


def _listings(tx: Tx, channel: ChannelId) -> dict[UnitId, str]:
    """The listing of each unit; the first, where several are one unit."""
    found: dict[UnitId, str] = {}
    for listing, unit in sorted(listings.joined(tx).get(channel, {}).items()):
        found.setdefault(unit, listing)
    return found


def parts_of(desk: Desk, stay: StayRow, listing: str) -> dict[Part, str]:
    """A digest of each part that is sent. Our own key, coming back as the booking's reference, is no news."""
    reference = "" if stay.reference.startswith(OURS) else stay.reference
    party = (stay.guests, stay.adults, stay.children, stay.infants, stay.pets)
    price = (stay.total_minor, stay.currency, *([stay.price_lines] if stay.price_lines else []))
    said: dict[Part, tuple[object, ...]] = {
        Part.PARTY: party,
        Part.GUEST: (stay.guest, sorted(_contact(desk, stay).items())),
        Part.NOTES: (stay.note, reference, *party, *price, *map(": ".join, _besides(stay).items())),
        Part.PRICE: price,
    }
    plain = {
        Part.UNIT: listing,
        Part.DAYS: f"{stay.arrival}/{stay.departure}",
        Part.STATUS: stay.status.value if listing else NOWHERE,
    }
    return plain | {
        part: hashlib.sha256(json.dumps([*map(str, each)]).encode()).hexdigest()[:24] for part, each in said.items()
    }


def _besides(stay: StayRow) -> dict[str, str]:
    """What its guest told; what nobody told is left out, so that it changes no digest of before."""
    return {name: said for name in BESIDES if (said := getattr(stay, name))}


def _contact(desk: Desk, stay: StayRow) -> dict[str, str]:
    """One that does not open is left out, and holds up neither its own booking nor any other."""
    try:
        return contacts.opened(desk.vault, stay)
    except NOT_OPENED:
        return {}


def _promise(tx: Tx, row: Push, wall: datetime) -> None:
    kept_as = f"push:{row.channel_id}:{row.stay_id}:"
    mail.overtake(tx, kept_as, wall)
    effect = PushStay(row.channel_id, row.stay_id)
    mail.promise(tx, effect, key=f"{kept_as}{row.revision}", lane=f"channel:{row.channel_id}", due=wall)
    tx.signal("publishing")  # nights that were closed there for it are opened first


# ---- keeping the promise --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pusher:
    """Keeps the promises that an account knows a booking."""

    store: Store
    desk: Desk
    clock: Clock
    plugins: Plugins

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable, Rejected, as whoever writes to the account. Every try and its error are kept (R554)."""
        assert isinstance(effect, PushStay)
        account = next((each for each in accounts(self.plugins) if each.channel == effect.channel), None)
        integration = self.plugins.integration(effect.channel)
        if integration is None:
            raise Unavailable(f"the channel “{effect.channel}” is switched off")
        if account is None:
            raise Rejected(f"bookings are not pushed to “{effect.channel}” any more")
        order = await self.store.write(lambda tx: self._order(tx, effect, account))
        if order is None:
            return
        try:
            await integration.perform[KeepBooking](order, key)
        except CancelledThere:
            await self.store.write(lambda tx: other_days.gone(tx, effect.channel, effect.stay, self.desk.now()))
            return  # a person is asked
        except Disappointment as error:
            final, words = isinstance(error, Rejected), str(error)
            await self.store.write(lambda tx: self._failed(tx, effect, words, final=final))
            raise
        await self.store.write(lambda tx: self._done(tx, effect, order))

    def _order(self, tx: Tx, effect: PushStay, account: Pushing) -> KeepBooking | None:
        stay, row = ledger.stay(tx, effect.stay), pushes.one(tx, effect.channel, effect.stay)
        if stay is None or row is None or stay.arrival is None or stay.departure is None:
            return None
        listing = _listings(tx, effect.channel).get(stay.unit_id, "")
        gone = not listing or stay.status is StayStatus.CANCELLED
        if gone and row.booking is None and row.attempts == 0:
            pushes.keep(tx, replace(row, state=PushState.SYNCED))  # it never was there
            return None
        kept = account.keeps_waiting or stay.status is not StayStatus.TENTATIVE  # else they stay closed
        if not gone and kept and _closed_by_us(tx, row, stay, self.desk.now()):
            raise Unavailable("its nights are still closed there by ourselves; they are opened first", wait=OPENING)
        wanted = parts_of(self.desk, stay, listing)
        row = replace(row, attempts=row.attempts + 1, tried_at=self.desk.now(), wanted=wanted)
        pushes.keep(tx, row)
        told = frozenset[Part]() if row.dry or row.booking is None else row.has
        contact = _contact(self.desk, stay)
        dry = account.rehearses and not row.real
        return KeepBooking(
            stay=stay.id,
            key=key_of(stay.id),
            booking="" if row.dry or row.booking is None else row.booking,
            listing=listing,
            arrival=stay.arrival,
            departure=stay.departure,
            status=StayStatus.CANCELLED if gone else stay.status,
            dry=dry,
            guest=stay.guest,
            email=contact.get("email", ""),
            phone=contact.get("phone", ""),
            note=stay.note,
            reference="" if stay.reference.startswith(OURS) else stay.reference,
            guests=stay.guests,
            adults=stay.adults,
            children=stay.children,
            infants=stay.infants,
            pets=stay.pets,
            total=stay.total,
            lines=stay.price.lines,
            **_besides(stay),
            parts=tuple(wanted.items()),
            told=told,
            outdated=frozenset() if row.dry else frozenset(row.told) - told,
            revives=row.ended_by_us,
        )

    def _failed(self, tx: Tx, effect: PushStay, words: str, *, final: bool) -> None:
        row = pushes.one(tx, effect.channel, effect.stay)
        if row is None:
            return
        given_up = final or row.attempts >= ATTEMPTS
        state = PushState.FAILED if given_up else PushState.PENDING
        level, named = 30 if given_up else 20, key_of(effect.stay)
        logger.log(level, "a booking was not pushed", booking=named, attempt=row.attempts, why=words, last=given_up)
        pushes.keep(tx, replace(row, state=state, error=words))
        if given_up:  # its nights are closed there at least, where they can be
            tx.signal("publishing")
        _note(tx, row, sync_log.FAILED, f"not sent, try {row.attempts}", self.desk.now(), words)

    def _done(self, tx: Tx, effect: PushStay, order: KeepBooking) -> None:
        row = pushes.one(tx, effect.channel, effect.stay)
        if row is None:
            return
        logger.info("a booking was pushed", booking=order.key, attempt=row.attempts, rehearsed=order.dry)
        what, outcome = ("rehearsed", sync_log.NOTED) if order.dry else ("sent", sync_log.OK)
        _note(tx, row, outcome, what, self.desk.now(), words_of(row) and f"not all of it: {words_of(row)}")
        done = replace(row, state=PushState.SYNCED, error="", synced_at=self.desk.now(), dry=int(order.dry))
        pushes.keep(tx, done)


def _closed_by_us(tx: Tx, row: Push, stay: StayRow, now: datetime) -> bool:
    """Whether the nights of a booking that stands there are closed for it, which ends now that it is sent anew."""
    outlet = sync_log.outlet(tx, row.channel_id, stay.unit_id)
    apart = row.there is not None or row.gone_at is not None  # then they stay closed
    if row.booking is None or row.state is not PushState.PENDING or apart or outlet is None:
        return False
    if outlet.way != sync_log.PUSH or outlet.failing_since is not None:
        return False
    own = [each for each in sync_log.said(tx, outlet) if each.block.about.startswith(f"stay:{stay.id}")]
    if own and any(each.stay == stay.id for each in pushes.elsewhen(tx, now)):  # at another account: closed for that
        own = [each for each in own if ":apart" not in each.block.about]
    return any(not each.gone or each.told_at is None for each in own)


def _note(tx: Tx, row: Push, outcome: str, what: str, now: datetime, words: str) -> None:
    """A line of the sync log, which outlives the guest: it bears the reference, and no name."""
    stay = ledger.stay(tx, row.stay_id)
    unit, named = (None, "") if stay is None else (stay.unit_id, stay.reference)
    said = f"booking {named or key_of(row.stay_id)} {what}"
    news = outcome == sync_log.OK and stay is not None and (row.synced_at is None or row.synced_at < stay.changed_at)
    after = round((now - stay.changed_at).total_seconds()) if news and stay is not None else None
    sync_log.note(tx, sync_log.Entry(0, row.channel_id, unit, now, sync_log.OUT, outcome, said, words, after_s=after))


# ---- what comes back ------------------------------------------------------------------------------------------------


def kept(tx: Tx, fact: BookingKept, now: datetime) -> None:
    """The account has it: from here on what it tells of that booking is known as ours."""
    row = pushes.one(tx, fact.channel, fact.stay)
    if row is None:
        return
    same = row.booking == fact.booking and bool(row.dry) == fact.dry
    told = {**(row.told if same else {}), **dict(fact.told)}
    lacks = {
        **{part: why for part, why in row.lacks.items() if same and part not in dict(fact.told)},
        **dict(fact.lacks),
    }
    after = replace(row, booking=fact.booking, dry=int(fact.dry), told=told, lacks=lacks)
    if any(told.get(part) != row.told.get(part) for part in NIGHTLY):
        after = replace(after, nights_at=now)
        tx.signal("publishing")
    if any(told.get(part) != row.told.get(part) for part in (Part.DAYS, Part.UNIT)):
        after = replace(after, there_from=None, there_until=None, there_listing=None)
    if Part.STATUS in dict(fact.told):
        after = replace(after, gone_at=None)
    if after != row:
        pushes.keep(tx, after)
    if not fact.dry and ledger.source(tx, fact.channel, fact.booking) is None:
        ledger.keep_source(tx, Source(fact.channel, fact.booking, fact.stay, b"", "", now))


def recognise(tx: Tx, channel: ChannelId, reports: Sequence[StayReport], at: datetime) -> None:
    """Bookings that bear our key are ours, also where the account's answer to our sending them was lost."""
    for report in reports:
        if not report.reference.startswith(OURS):
            continue
        row = pushes.one(tx, channel, StayId(report.reference.removeprefix(OURS)))
        if row is None:
            continue
        if row.booking != report.uid:
            kept(tx, BookingKept(channel, at, row.stay_id, report.uid), at)
        stay = ledger.stay(tx, row.stay_id)
        if stay is not None:
            other_days.heard(tx, channel, stay, report, at)


# ---- people ---------------------------------------------------------------------------------------------------------


def retry(tx: Tx, channel: ChannelId, only: StayId | None, actor: str, now: datetime, wall: datetime) -> int:
    """Send again what failed, at once; how many. What was cancelled there is brought back only where it alone is meant.

    Raises:
        Rejected: the one that is meant did not fail.
    """
    rows = pushes.failed(tx, channel, now)
    wanted = [row for row in rows if (row.gone_at is None if only is None else row.stay_id == only)]
    if only is not None and not wanted:
        raise Rejected("this booking did not fail to be pushed, or its stay is over")
    for row in wanted:
        _again(tx, anew(other_days.wanted_back(row)), wall)
    if wanted:
        log.record(tx, now, actor, "bookings pushed again", f"channel:{channel}", detail=f"{len(wanted)}")
    return len(wanted)


def send_for_real(tx: Tx, channel: ChannelId, id_: StayId, actor: str, now: datetime, wall: datetime) -> None:
    """One booking, to see how it looks there before all are sent (R592). Raises Rejected where it is not one to push."""
    row = pushes.one(tx, channel, id_)
    if row is None:
        raise Rejected("this booking is none that is pushed to that account")
    if row.real or not row.dry:
        raise Rejected("this booking is sent for real already")
    _again(tx, replace(anew(row), real=1), wall)
    log.record(tx, now, actor, "booking pushed for real", f"stay:{id_}", detail=channel)


def _again(tx: Tx, row: Push, wall: datetime) -> None:
    pushes.keep(tx, row)
    _promise(tx, row, wall)


def words_of(row: Push) -> str:
    """What a booking that stands there lacks, as a clause; empty: nothing."""
    lacking = row.missing.items()
    return "; ".join(f"{PART_WORDS[part]} ({why})" if why else PART_WORDS[part] for part, why in lacking)


# ---- what is told ---------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """Bookings that an account would not take, as long as they matter (R562, R563, R578)."""
    for account in accounts(look.plugins):
        for row in pushes.failed(look.tx, account.channel, look.now):
            stay = ledger.stay(look.tx, row.stay_id)
            if stay is None or stay.check_out is None or look.reached(stay.check_out):
                continue
            unit = house.unit_with(look.tx, stay.unit_id)
            where = stay.unit_id if unit is None else unit.name
            whose = f"The booking of {stay.guest or stay.reference or 'a guest'} ({where}, {stay.arrival} to {stay.departure})"
            cure = "Look at the account's page under Channels, and push it again."
            if row.keeps_nights:
                sentence = f"{whose} is known to “{account.channel}”, but not all of it: {words_of(row)}."
            else:
                known = "known otherwise" if row.booking is not None and not row.dry else "not known"
                sentence = f"{whose} is {known} to “{account.channel}”: {row.error or 'no reason was given'}."
                cure = f"Its nights may be sold there once more. {cure}"
            yield Finding(Kind.PUSH_FAILED, f"stay:{row.stay_id}", sentence, cure, row.tried_at)
