"""What the command line may ask for, answered: in the running hub, or on the database of one that does not run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from hub import (
    alert_commands,
    apply,
    channel_commands,
    emergency_commands,
    figure_commands,
    hold_commands,
    housing,
    import_commands,
    issuing,
    letter_commands,
    message_commands,
    people_commands,
    push_commands,
    radio_commands,
    record_commands,
    site_people,
    stay_commands,
)
from hub.adopting import Wish
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.config import Config, problems, toml, unknown
from hub.errors import Misconfigured, Rejected
from hub.health import findings, summary
from hub.hub import Hub
from hub.io.recovery import RecoveryKey
from hub.model.people import Scope
from hub.model.values import GrantId, LockId, Pin, StayId, StayKind, UnitId, clean
from hub.plugins import settings_of
from hub.rehearsal import refuse_real_doors
from hub.site import Site, parse
from hub.store import bookings, claims, code_list, codes, doors, house, log, settings, stays
from hub.store.backup import back_up
from hub.store.code_list import Code
from hub.store.engine import Tx
from hub.store.ladder import pool
from hub.store.people import Token
from hub.store.reseal import Resealed, reseal
from hub.store.stay_search import HOLD, Wanted

Command = Callable[[Hub, str, Any], Awaitable[JsonValue]]
"""Answers one kind of request from an actor, as the audit trail names them. Raises a Disappointment to say no."""


async def answer(hub: Hub, actor: str, command: str, arguments: Mapping[str, Any]) -> JsonValue:
    """
    Raises:
        Rejected: there is no such command, its arguments make no sense, or it said no.
    """
    known = {kind.command: kind for kind in COMMANDS}
    if command not in known:
        raise Rejected(f"“{command}” {unknown(command, known)}")
    kind = known[command]
    try:
        ask = kind.model_validate(arguments)
    except ValidationError as error:
        raise Rejected("; ".join(f"{key}: {why}" for key, why in problems(error, kind))) from None
    return await COMMANDS[kind](hub, actor, ask)


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ---- the house -----------------------------------------------------------------------------------------------------


_SOME_HOUSE: Final = {"timezone": "UTC"}
"""What a channel learns from its house; which one it is, is known only when it is plugged in."""


def read_site(config: Config, text: str, name: str) -> Site:
    """Raises Misconfigured."""

    def check_channel(integration: str, told: Mapping[str, Any], key: str) -> None:
        common = config.integrations.get(integration, {})
        settings_of("integration", integration, {**common, **told}, key, _SOME_HOUSE)

    return parse(toml(text, name), drivers=config.drivers, check_channel=check_channel)


async def _apply(hub: Hub, actor: str, ask: asks.Apply) -> JsonValue:
    prune = apply.Prune(ask.prune)
    now = hub.clock.now()
    try:
        site = read_site(hub.config, ask.text, ask.name)
        if hub.clock is not hub.wall:
            refuse_real_doors(hub.config, {channel.id: channel.settings for channel in site.channels})
        if ask.dry_run:
            plan = await hub.store.read(lambda tx: apply.plan(tx, site, hub.vault, prune=prune, now=now))
        else:
            plan = await hub.store.write(partial(_applied, hub=hub, site=site, prune=prune, actor=actor))
    except Misconfigured as error:
        raise Rejected(f"{error}\nnothing was changed") from error
    return _plan(plan, done=not ask.dry_run)


def foresee(config: Config, ask: asks.Apply) -> JsonValue:
    """A dry run before there is a house."""
    try:
        plan = apply.compare(read_site(config, ask.text, ask.name), apply.House(), apply.Prune(ask.prune))
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return _plan(plan, done=False)


def _plan(plan: apply.Plan, *, done: bool) -> JsonValue:
    return {
        "changes": [
            {
                "what": change.what.value,
                "kind": change.kind,
                "id": change.row.id,
                "sentence": change.sentence(done=done),
            }
            for change in plan.changes
        ],
        "notes": list(plan.notes),
    }


def _applied(tx: Tx, *, hub: Hub, site: Site, prune: apply.Prune, actor: str) -> apply.Plan:
    before, now = claims.overlaps(tx, hub.clock.now()), hub.clock.now()
    done = apply.apply(tx, site, hub.vault, prune=prune, now=now, actor=actor)
    for lock in sorted(done.touched_locks):
        housing.introduce(tx, hub.plugins, hub.intake, lock, hub.clock.now())
    for unit in sorted(done.touched_units):
        hub.intake.replan_unit(tx, unit)
    if claims.overlaps(tx, now) > before:
        raise Rejected("with these times stays that were added here would overlap; nothing was changed")
    site_people.keep_passes(
        tx, hub.desk, [change.row for change in done.changes if change.what is not apply.What.REMOVED]
    )
    return done


async def _status(hub: Hub, actor: str, ask: asks.Status) -> JsonValue:
    return await hub.store.read(partial(_condition, hub=hub))


def _condition(tx: Tx, *, hub: Hub) -> JsonValue:
    found, pools = findings(tx, hub), pool(tx)
    return {
        "running": hub.running,
        "level": summary(found),
        "time": _told(hub.clock.now()),
        "clock_trusted": hub.clock.trusted,
        "safe_mode": settings.safe_mode(tx),
        "findings": [
            {
                "level": finding.level.value,
                "about": finding.about,
                "sentence": finding.sentence,
                "cure": finding.cure,
                "since": _told(finding.since),
            }
            for finding in found
        ],
        "locks": [
            {
                "id": door.id,
                "name": door.name,
                "model": None if door.abilities is None else door.abilities.model,
                "position": door.position.value,
                "battery": door.battery,
                "heard_at": _told(door.heard_at),
                "backups": sum(each.proven(hub.clock.now()) for each in pools.get(door.id, ())),
            }
            for door in doors.doors(tx)
        ],
        "plugins": [asdict(plugin) | {"since": _told(plugin.since)} for plugin in hub.plugins.conditions.values()],
    }


# ---- codes ---------------------------------------------------------------------------------------------------------


async def _codes(hub: Hub, actor: str, ask: asks.Codes) -> JsonValue:
    if ask.reveal:
        return await hub.store.write(partial(_code_list, hub=hub, actor=actor, ask=ask))
    return await hub.store.read(partial(_code_list, hub=hub, actor=actor, ask=ask))


def _code_list(tx: Tx, *, hub: Hub, actor: str, ask: asks.Codes) -> JsonValue:
    if ask.lock is not None and house.lock_with(tx, LockId(ask.lock)) is None:
        raise Rejected(f"there is no lock called “{ask.lock}”")
    lock = None if ask.lock is None else LockId(ask.lock)
    stay = None if ask.stay is None else StayId(ask.stay)
    if stay is not None and stays.stay(tx, stay) is None:
        raise Rejected(f"there is no stay “{stay}”; see `gatehouse stay list`")
    found = code_list.listing(tx, lock=lock, stay=stay)
    pins = _revealed(tx, hub, actor, found) if ask.reveal else {}
    told = [_code(code, hub) for code in found]
    if ask.reveal:
        told = [_with_pin(row, code, pins) for row, code in zip(told, found, strict=True)]
    return [row for row in told if row["state"] is not None]


def _code(code: Code, hub: Hub) -> dict[str, JsonValue]:
    grant = None if code.issued is None else code.issued.grant
    state = code.state(hub.clock.now(), hub.tagbook.tags)
    return {
        "lock": code.lock,
        "slot": None if code.slot is None else code.slot.number,
        "state": None if state is None else state.value,
        "proof": "none" if code.slot is None else code.slot.proof.value,
        "proven_at": None if code.slot is None else _told(code.slot.proven_at),
        "holder": code.guest or None,
        "purpose": None if code.issued is None else code.issued.purpose.value,
        "valid_from": None if grant is None else _told(grant.window.start),
        "valid_until": None if grant is None else _told(grant.window.end),
    }


def _with_pin(row: dict[str, JsonValue], code: Code, pins: Mapping[GrantId, Pin]) -> dict[str, JsonValue]:
    pin = None if code.issued is None else pins.get(code.issued.grant.id)
    return row | {"pin": None if pin is None else pin.reveal()}


def _revealed(tx: Tx, hub: Hub, actor: str, found: list[Code]) -> dict[GrantId, Pin]:
    """The digits, but of no pooled backup code. Each stay, or door without one, gets its line in the audit trail."""
    issued = [code.issued for code in found if code.issued is not None and not code.issued.pooled]
    entries = [(entry, entry.sealed_pin) for entry in issued]
    now = hub.clock.now()
    codes.told(tx, [entry.grant.id for entry, _ in entries], now)
    for subject in sorted(
        {f"lock:{entry.lock}" if entry.stay is None else f"stay:{entry.stay}" for entry, _ in entries}
    ):
        log.record(tx, now, actor, "code shown", subject)
    return {
        entry.grant.id: hub.vault.open_pin(sealed, about=f"grant:{entry.grant.id}")
        for entry, sealed in entries
        if sealed is not None
    }


async def _code_now(hub: Hub, actor: str, ask: asks.CodeNow) -> JsonValue:
    now = hub.clock.now()
    until = ask.until or now + timedelta(hours=ask.hours or 2)
    locks = [LockId(lock) for lock in dict.fromkeys(ask.locks)]
    label = clean(ask.label, limit=60)

    def draw(tx: Tx) -> Pin:
        pin = issuing.code_now(tx, hub.desk, locks, label, until)
        for lock in locks:
            log.record(tx, now, actor, "code given", f"lock:{lock}", detail=label)
        return pin

    pin = await hub.store.write(draw)
    return {
        "pin": pin.reveal(),
        "locks": list(locks),
        "holder": label,
        "valid_from": _told(now),
        "valid_until": _told(until),
        "reaches_the_locks": "now" if hub.running else "when the hub runs",
    }


async def _code_adopt(hub: Hub, actor: str, ask: asks.CodeAdopt) -> JsonValue:
    person, label = None, ask.label
    if ask.person is not None:
        row = await hub.store.read(lambda tx: people_commands.meant(tx, ask.person or ""))
        person, label = row.id, row.name
    pin = None if ask.pin is None else Pin(ask.pin)
    await hub.adopting.adopt(Wish(LockId(ask.lock), ask.slot, label, ask.until, person, pin), actor)
    return {"lock": ask.lock, "slot": ask.slot, "holder": label, "valid_until": _told(ask.until)}


# ---- stays ---------------------------------------------------------------------------------------------------------


async def _stays(hub: Hub, actor: str, ask: asks.Stays) -> JsonValue:
    unit, now = None if ask.unit is None else UnitId(ask.unit), hub.clock.now()
    wanted = Wanted(
        unit=unit,
        since=None if ask.past else now,
        text=clean(ask.text, limit=100),
        first=ask.first,
        last=ask.last,
        limit=1000,
    )
    of_kind = replace(wanted, kind=ask.kind if isinstance(ask.kind, StayKind) else None)

    def look(tx: Tx) -> JsonValue:
        if unit is not None and house.unit_with(tx, unit) is None:
            raise Rejected(f"there is no unit called “{unit}”")
        held = bookings.held(tx, of_kind, now)
        found = [] if ask.kind == HOLD else stays.search(tx, of_kind)
        return [*map(hold_commands.described, held), *(stay_commands.described(tx, row, now) for row in found)]

    return await hub.store.read(look)


async def _stay_redraw(hub: Hub, actor: str, ask: asks.StayRedraw) -> JsonValue:
    id_ = StayId(ask.stay)

    def work(tx: Tx) -> JsonValue:
        hub.intake.redraw(tx, id_, actor)
        return stay_commands.kept(tx, id_, hub.clock.now())

    return await hub.store.write(work)


async def _stay_cancel(hub: Hub, actor: str, ask: asks.StayCancel) -> JsonValue:
    id_ = StayId(ask.stay)

    def work(tx: Tx) -> JsonValue:
        hub.intake.cancel_stay(tx, id_, actor, in_full=ask.in_full)
        return stay_commands.kept(tx, id_, hub.clock.now())

    return await hub.store.write(work)


# ---- people and programs -------------------------------------------------------------------------------------------


async def _setup_code(hub: Hub, actor: str, ask: asks.SetupCode) -> JsonValue:
    return {"code": await hub.signin.new_setup_code()}


def _token(token: Token) -> dict[str, JsonValue]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": [scope.value for scope in Scope if scope in token.scopes],
        "made_at": _told(token.made_at),
        "expires_at": _told(token.expires_at),
        "used_at": _told(token.used_at),
        "revoked_at": _told(token.revoked_at),
    }


async def _token_add(hub: Hub, actor: str, ask: asks.TokenAdd) -> JsonValue:
    made = await hub.tokens.make(actor, ask.name, ask.scopes, ask.days)
    return _token(made.token) | {"token": made.text.reveal()}


async def _tokens(hub: Hub, actor: str, ask: asks.Tokens) -> JsonValue:
    return [_token(token) for token in await hub.tokens.all()]


async def _token_revoke(hub: Hub, actor: str, ask: asks.TokenRevoke) -> JsonValue:
    if not await hub.tokens.revoke(actor, ask.token):
        raise Rejected(f"there is no live token “{ask.token}”")
    return {"revoked": ask.token}


# ---- backups -------------------------------------------------------------------------------------------------------


async def _backup(hub: Hub, actor: str, ask: asks.Backup) -> JsonValue:
    kept = await hub.store.read(settings.recovery)
    drawn = RecoveryKey.draw() if kept is None or ask.new_recovery_key else None
    public = kept if drawn is None else drawn.public
    folder = hub.state_dir / "backups" if ask.folder is None else Path(ask.folder)
    now = hub.clock.now()
    made = await asyncio.to_thread(back_up, hub.store.place, hub.state_dir, folder, hub.vault, recovery=public, now=now)

    def note(tx: Tx) -> None:
        if drawn is not None:
            settings.keep_recovery(tx, drawn.public)
            log.record(tx, now, actor, "new recovery key", "backups")
        log.record(tx, now, actor, "back up", "backups", detail=str(made.file))

    await hub.store.write(note)
    return {
        "file": str(made.file),
        "left_out": list(made.left_out),
        "recovery_key": None if drawn is None else drawn.reveal(),
    }


async def _rotate_key(hub: Hub, actor: str, _ask: asks.RotateKey) -> JsonValue:
    """The key first, on disk; then what it seals. Cut off between the two, everything still opens with the older key."""
    hub.vault.rotate()
    now = hub.clock.now()

    def seal_anew(tx: Tx) -> Resealed:
        log.record(tx, now, actor, "rotate key", "key_file")
        return reseal(tx, hub.vault)

    resealed = await hub.store.write(seal_anew)
    return {"sealed_anew": resealed.done, "not_opened": list(resealed.left)}


COMMANDS: Final[Mapping[type[Ask], Command]] = {
    asks.Apply: _apply,
    asks.Status: _status,
    asks.Codes: _codes,
    asks.CodeNow: _code_now,
    asks.CodeAdopt: _code_adopt,
    asks.Stays: _stays,
    asks.StayCancel: _stay_cancel,
    asks.StayRedraw: _stay_redraw,
    asks.SetupCode: _setup_code,
    asks.TokenAdd: _token_add,
    asks.Tokens: _tokens,
    asks.TokenRevoke: _token_revoke,
    asks.Backup: _backup,
    asks.RotateKey: _rotate_key,
    asks.Emergencies: emergency_commands.listing,
    asks.EmergencyPrepare: emergency_commands.prepare,
    asks.EmergencyConfirm: emergency_commands.confirm,
    **alert_commands.COMMANDS,
    **channel_commands.COMMANDS,
    **figure_commands.COMMANDS,
    **import_commands.COMMANDS,
    **people_commands.COMMANDS,
    **letter_commands.COMMANDS,
    **push_commands.COMMANDS,
    **radio_commands.COMMANDS,
    **record_commands.COMMANDS,
    **hold_commands.COMMANDS,
    **stay_commands.COMMANDS,
    **message_commands.COMMANDS,
}
