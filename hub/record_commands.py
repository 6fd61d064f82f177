"""What the command line may ask of the record: the audit chain, and what is kept of a guest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from pydantic import JsonValue

from hub import audit, forgetting, guests
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.hub import Hub
from hub.model.chain import told, written
from hub.model.values import PropertyId, StayId
from hub.store import chain
from hub.store.engine import Tx

LINKS_AT_ONCE: Final = 2000


async def _audit_verify(hub: Hub, actor: str, ask: asks.AuditVerify) -> JsonValue:
    verdict = await audit.look(hub.store, hub.state_dir, hub.wall)
    return {
        "whole": not verdict.wrong,
        "links": verdict.links,
        "head": await hub.store.read(lambda tx: chain.seal_of(tx, verdict.links)),
        "checked_at": written(verdict.at),
        "wrong": verdict.wrong or None,
        "first_wrong": verdict.number or None,
    }


async def _audit_links(hub: Hub, actor: str, ask: asks.AuditLinks) -> JsonValue:
    links = await hub.store.read(partial(chain.links, after=ask.after, limit=LINKS_AT_ONCE))
    return [cast(dict[str, Any], told(link)) | {"seal": link.seal} for link in links]


async def _guest_export(hub: Hub, actor: str, ask: asks.GuestExport) -> JsonValue:
    return await hub.store.write(lambda tx: guests.export(tx, hub.desk, StayId(ask.stay), actor))


async def _guest_foresee(hub: Hub, actor: str, ask: asks.GuestForesee) -> JsonValue:
    found = await hub.store.read(lambda tx: guests.foresee(tx, hub.desk, StayId(ask.stay)))
    return {
        "stay": found.stay.id,
        "guest": found.stay.guest or found.stay.reference,
        "log_lines": found.log_lines,
        "reports": found.reports,
        "deliveries": found.deliveries,
        "others": list(found.others),
        "remains": list(found.remains),
    }


async def _guest_erase(hub: Hub, actor: str, ask: asks.GuestErase) -> JsonValue:
    done = await hub.store.write(lambda tx: guests.erase(tx, hub.desk, StayId(ask.stay), ask.confirm, actor))
    return {"stay": ask.stay, "log_lines": done.log_lines, "sentences": done.sentences, "remains": list(done.remains)}


async def _guest_keep(hub: Hub, actor: str, ask: asks.GuestKeep) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        now = hub.clock.now()
        row = forgetting.keep(tx, PropertyId(ask.property), ask.log_days, ask.guest_days, actor, now)
        return {"property": row.id, "log_days": row.log_days, "guest_days": row.guest_days}

    return await hub.store.write(work)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.AuditVerify: _audit_verify,
    asks.AuditLinks: _audit_links,
    asks.GuestExport: _guest_export,
    asks.GuestForesee: _guest_foresee,
    asks.GuestErase: _guest_erase,
    asks.GuestKeep: _guest_keep,
}
