"""What the command line may ask of the record: the audit chain, and what is kept of a guest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from pydantic import JsonValue

from hub import audit
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.hub import Hub
from hub.model.chain import told, written
from hub.store import chain

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


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.AuditVerify: _audit_verify,
    asks.AuditLinks: _audit_links,
}
