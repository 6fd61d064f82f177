"""A house that a site file describes, and its operator."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

from hub.apply import House, Plan, Prune, apply, look, plan
from hub.io.vault import Vault
from hub.site import parse
from hub.store.engine import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

SITE = """
[[property]]
id = "home"
name = "Seaside"
timezone = "Europe/Berlin"

[[lock]]
id = "front"
property = "home"
name = "Front door"
driver = "zwave"
address = "3"
shared = true

[[lock]]
id = "flat-1"
property = "home"
name = "Flat 1"
driver = "zwave"
address = "4"

[[unit]]
id = "flat-1"
property = "home"
name = "Flat 1"
locks = ["front", "flat-1"]

[[unit]]
id = "attic"
property = "home"
name = "Attic"
locks = ["front"]

[[channel]]
id = "airbnb"
unit = "flat-1"
integration = "ical"
url = "https://geheim.example/1"
"""


class Home:
    """A house, and its operator at the command line."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.vault = Vault([bytes(32)])

    async def apply(self, text: str, prune: Prune = Prune.NOTHING) -> Plan:
        site = parse(tomllib.loads(text), drivers={"zwave"}, check_channel=lambda name, settings, key: None)
        return await self.store.write(lambda tx: apply(tx, site, self.vault, prune=prune, now=NOW, actor="root"))

    async def dry_run(self, text: str, prune: Prune = Prune.NOTHING) -> Plan:
        site = parse(tomllib.loads(text), drivers={"zwave"}, check_channel=lambda name, settings, key: None)
        return await self.store.read(lambda tx: plan(tx, site, self.vault, prune=prune, now=NOW))

    async def look(self) -> House:
        return await self.store.read(lambda tx: look(tx, self.vault))


def said(done: Plan) -> list[str]:
    return [change.sentence(done=True) for change in done.changes]


def without(entry: str, text: str = SITE) -> str:
    """The file without the entry that has this id, e.g. `unit attic`."""
    kind, id_ = entry.split()
    entries = text.split("\n[[")
    return "\n[[".join(part for part in entries if not part.startswith(f'{kind}]]\nid = "{id_}"'))
