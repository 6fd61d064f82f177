"""Door codes go back to the account that a stay came from: shown once they may be told, replaced, and taken out again.

What should stand there is worked out from the ledgers, not from what happened: a promise says which booking to look at, and
whoever keeps it looks once more. Digits leave under the rule for messages (`may_tell`), and only in the request itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from hub import backup_codes, guest_page
from hub.contracts import Clock
from hub.contracts.accounts import Account
from hub.errors import Disappointment, Rejected, Unavailable
from hub.findings import Look
from hub.issuing import Desk, opened
from hub.model.alerts import Finding, Kind
from hub.model.effects import Effect, GiveDoorCode, SetDoorCode
from hub.model.values import ChannelId, GrantId, LockId, Pin, StayId
from hub.plugins import Plugins
from hub.store import codes, door_codes, doors, log, mail, staying
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.door_codes import CodeThere, written
from hub.store.engine import Store, Tx
from hub.store.stays import StayRow


def accounts(plugins: Plugins) -> list[ChannelId]:
    """Those that show door codes, and were told that they may."""
    return sorted(id_ for id_, each in plugins.channels.items() if SetDoorCode in each.perform)


# ---- what should stand there ----------------------------------------------------------------------------------------


def wanted(tx: Tx, desk: Desk, stay: StayRow, standing: str) -> dict[LockId, Issued]:
    """Whose digits, by door. While nobody can be sure, what was shown goes on being shown, as long as it is still true."""
    if not guest_page.has_page(tx, stay, desk):
        return {}
    entries = backup_codes.told_by_door(tx, stay, desk.now())
    page = guest_page.look(tx, desk, stay, None)
    if page.told and page.told >= entries.keys():
        return entries
    known = set(standing.split())
    return entries if all(entry.grant.id in known for entry in entries.values()) else {}


def promise_all(tx: Tx, desk: Desk, channels: list[ChannelId], wall: datetime) -> None:
    """A promise for each booking where something else stands than should. Doing it twice changes nothing."""
    for channel in channels:
        told = door_codes.told(tx, channel)
        for stay in _current(tx, channel, desk.now()):
            _promise(tx, desk, channel, stay, told.get(stay.id), wall)


def due(tx: Tx, desk: Desk, channels: list[ChannelId]) -> bool:
    """Whether `promise_all` has anything to do."""
    for channel in channels:
        told = door_codes.told(tx, channel)
        if any(_change(tx, desk, stay, told.get(stay.id)) is not None for stay in _current(tx, channel, desk.now())):
            return True
    return False


def _current(tx: Tx, channel: ChannelId, now: datetime) -> Iterator[StayRow]:
    """What stands there of a stay that is over is left there."""
    for id_ in door_codes.candidates(tx, channel, staying.since(tx, now)):
        stay = ledger.stay(tx, id_)
        if stay is not None and not staying.is_over(tx, stay, now):
            yield stay


def _change(tx: Tx, desk: Desk, stay: StayRow, known: CodeThere | None) -> str | None:
    """What is to be promised; None: it is already, or there is nothing to say."""
    want = written(_ids(wanted(tx, desk, stay, "" if known is None else known.standing)))
    if known is None:
        return want or None
    return None if known.wanted == want else want


def _ids(entries: Mapping[LockId, Issued]) -> list[GrantId]:
    return [entry.grant.id for entry in entries.values()]


def _promise(tx: Tx, desk: Desk, channel: ChannelId, stay: StayRow, known: CodeThere | None, wall: datetime) -> None:
    want = _change(tx, desk, stay, known)
    if want is None:
        return
    row = CodeThere(channel, stay.id, want, 1) if known is None else known
    row = replace(row, wanted=want, revision=row.revision + (known is not None), sure=0, why="")
    door_codes.keep(tx, row)
    mail.overtake(tx, _kept_as(row), wall)
    effect = GiveDoorCode(channel, stay.id, want)
    mail.promise(tx, effect, key=f"{_kept_as(row)}{row.revision}", lane=f"channel:{channel}", due=wall)


def _kept_as(row: CodeThere) -> str:
    return f"door_code:{row.channel_id}:{row.stay_id}:"


# ---- where it stands, for people ------------------------------------------------------------------------------------


class Whereabouts(Enum):
    """Of a guest's door code at the platform that the guest booked on."""

    TOLD = "told"
    COMING = "coming"
    """Not yet: it is told as soon as it may be."""
    TRYING = "trying"
    """It could not be told; it is tried again without anybody."""
    REFUSED = "refused"
    """It was given up, until a person says so."""
    OUT = "out"
    """It stood there, and was taken out."""
    OFF = "off"
    """The account has a place for it and may not be told."""
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class CodeAt:
    """One platform of a stay."""

    channel: ChannelId
    where: Whereabouts
    at: datetime | None
    """Of the last word: when it was told, tried, or taken out."""
    why: str
    """What stood in the way."""
    stale: bool
    """A code that does not count any more may stand there still."""


def whereabouts(tx: Tx, desk: Desk, plugins: Plugins, stay: StayRow) -> list[CodeAt]:
    """At each platform that tells of the stay, or was told of it. Whoever gets no code is told none anywhere."""
    told = {row.channel_id: row for row in door_codes.of_stay(tx, stay.id)}
    names = {*told, *(door_codes.platforms_of(tx, stay.id) if guest_page.has_page(tx, stay, desk) else ())}
    return [_whereabouts(tx, plugins, name, told.get(name)) for name in sorted(names)]


def _whereabouts(tx: Tx, plugins: Plugins, channel: ChannelId, row: CodeThere | None) -> CodeAt:
    integration = plugins.integration(channel)
    if integration is None or SetDoorCode not in integration.perform:
        stands = row is not None and row.standing != ""
        off = stands or integration is None or (isinstance(integration, Account) and integration.code_place)
        why = "the channel is switched off" if integration is None else ""
        at = None if row is None else row.at
        return CodeAt(channel, Whereabouts.OFF if off else Whereabouts.CANNOT, at, why, stands)
    if row is None or (row.sure and row.at is None):
        return CodeAt(channel, Whereabouts.COMING, None, "", stale=False)
    if row.sure:
        return CodeAt(channel, Whereabouts.TOLD if row.standing else Whereabouts.OUT, row.at, "", stale=False)
    stale = bool(set(row.standing.split()) - set(row.wanted.split()))
    refused = mail.given_up(tx, f"{_kept_as(row)}{row.revision}")
    if refused is not None:
        return CodeAt(channel, Whereabouts.REFUSED, row.at, refused, stale)
    return CodeAt(channel, Whereabouts.TRYING if row.why else Whereabouts.COMING, row.at, row.why, stale)


def tell_again(tx: Tx, channel: ChannelId, id_: StayId, actor: str, now: datetime, wall: datetime) -> None:
    """What was given up is tried once more, at once. Raises Rejected where nothing was given up."""
    row = door_codes.one(tx, channel, id_)
    if row is None or mail.given_up(tx, key := f"{_kept_as(row)}{row.revision}") is None:
        raise Rejected("the code was not given up there: it stands there, or it is told by itself")
    mail.hasten(tx, key, wall)
    door_codes.keep(tx, replace(row, why=""))
    log.record(tx, now, actor, "code told again", f"stay:{id_}", detail=channel)


# ---- keeping the promise --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoorCodes:
    """Keeps the promises that an account shows a code."""

    store: Store
    desk: Desk
    clock: Clock
    plugins: Plugins

    async def perform(self, effect: Effect, key: str) -> None:
        """Raises Unavailable, Rejected, as whoever writes to the account."""
        assert isinstance(effect, GiveDoorCode)
        integration = self.plugins.integration(effect.channel)
        if integration is None:
            raise Unavailable(f"the channel “{effect.channel}” is switched off")
        performer = integration.perform.get(SetDoorCode)
        if performer is None:
            raise Rejected(f"the channel “{effect.channel}” may not be told codes any more")
        order = await self.store.write(lambda tx: self._order(tx, effect))
        if order is None:
            return
        try:
            await performer(order, key)
        except Disappointment as error:
            words = str(error)
            await self.store.write(lambda tx: self._ended(tx, effect, words))
            raise
        await self.store.write(lambda tx: self._ended(tx, effect, ""))

    def _order(self, tx: Tx, effect: GiveDoorCode) -> SetDoorCode | None:
        """What is true now. Written down before it leaves: whatever becomes of the request, the digits may be known."""
        stay, row = ledger.stay(tx, effect.stay), door_codes.one(tx, effect.channel, effect.stay)
        booking = door_codes.booking_of(tx, effect.channel, effect.stay)
        if stay is None or row is None or booking is None:
            return None
        entries = wanted(tx, self.desk, stay, row.standing)
        if not entries and not row.standing:
            door_codes.keep(tx, replace(row, wanted="", sure=1, why=""))
            return None
        ids, now = _ids(entries), self.desk.now()
        if ids:
            codes.told(tx, ids, now)
            log.record(tx, now, f"channel:{effect.channel}", "code told", f"stay:{stay.id}")
        # What stood there may go on standing there until the account says that it does not.
        both = written({*ids, *(GrantId(each) for each in row.standing.split())})
        door_codes.keep(tx, replace(row, wanted=written(ids), standing=both, sure=0, at=now))
        return SetDoorCode(booking, self._text(tx, entries))

    def _text(self, tx: Tx, entries: Mapping[LockId, Issued]) -> str:
        """The digits, where they are the same at every door; else door by door."""
        pins: dict[LockId, Pin] = {lock: opened(self.desk, entry) for lock, entry in entries.items()}
        digits = list(dict.fromkeys(pin.reveal() for pin in pins.values()))
        if len(digits) <= 1:
            return "".join(digits)
        return ", ".join(f"{_name(tx, lock)} {pin.reveal()}" for lock, pin in pins.items())

    def _ended(self, tx: Tx, effect: GiveDoorCode, why: str) -> None:
        row = door_codes.one(tx, effect.channel, effect.stay)
        if row is None:
            return
        now = self.desk.now()
        if why:
            door_codes.keep(tx, replace(row, at=now, why=why))
        else:
            door_codes.keep(tx, replace(row, standing=row.wanted, sure=1, at=now, why=""))
        tx.signal("health")


def _name(tx: Tx, lock: LockId) -> str:
    door = doors.door(tx, lock)
    return lock if door is None else door.name


# ---- what is told ---------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """Codes that an account shows and that open nothing any more, and it will not be told so."""
    for channel in accounts(look.plugins):
        for id_, row in door_codes.told(look.tx, channel).items():
            if row.sure or not row.why or not set(row.standing.split()) - set(row.wanted.split()):
                continue
            stay = ledger.stay(look.tx, id_)
            if stay is None or stay.check_out is None or not look.reached(stay.check_out):
                yield _stale(look, channel, id_, row, stay)


def _stale(look: Look, channel: ChannelId, id_: StayId, row: CodeThere, stay: StayRow | None) -> Finding:
    whose = "a guest" if stay is None else stay.guest or stay.reference or "a guest"
    return Finding(
        Kind.CODE_STALE,
        f"stay:{id_}",
        f"The account “{channel}” shows a code of {whose} that does not count any more, and was not changed: {row.why}.",
        "Change it there by hand, or try again on the page Health.",
        row.at or look.now,
    )
