"""Which plugins there are: read from their manifests, without importing any. Only the standard library, so it is quick."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib import metadata, resources
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class SettingSaid:
    """How a form asks for one of an integration's settings; what it may hold, its Config says."""

    name: str
    label: str
    hint: str = ""
    seldom: bool = False
    """Most people need not see it."""
    long: bool = False
    """Of many lines."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What people call each of a few values."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the other side is going to change, said on the channel's page from a day on."""

    since: date
    title: str
    text: str
    until: date | None = None
    """The first day on which it is said no more."""

    def due(self, now: datetime) -> bool:
        today = now.date()
        return self.since <= today and (self.until is None or today < self.until)


@dataclass(frozen=True, slots=True)
class Manifest:
    kind: str
    """`driver` | `integration`"""
    name: str
    summary: str
    level: str
    """`works` | `robust` | `complete`"""
    module: str
    commands: Mapping[str, str] = field(default_factory=dict)
    """Command group to `module:attribute` of a typer application."""
    service: bool = False
    """An integration that serves the whole hub: it has no channels, and is set up under `[integrations.NAME]` alone."""
    account: bool = False
    """An integration whose channel tells of several units, each by its own word for it."""
    several: bool = False
    """A channel of it may tell of several units instead of one, by a word of its own for each."""
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    """What a connection of this kind does and does not, in sentences without a full stop, for the pages."""
    notices: tuple[Notice, ...] = ()
    title: str = ""
    """What people call it."""
    makes: str = ""
    """The setting that names the calendar, where one can be made there; empty: none can."""
    webhook: str = ""
    """The topic under which it calls the hub; empty: it does not."""
    settings: tuple[SettingSaid, ...] = ()
    """Of a channel, in the order in which a form asks for them."""
    also: tuple[str, ...] = ()
    """Other names that people give it; in the house it has the first."""


@cache
def discover() -> Mapping[str, Manifest]:
    """Every plugin by `kind/name`, without importing any: ours by folder, third-party ones by entry point. One that is
    installed while the hub runs is found at its next start, as its code would be."""
    found = [manifest for room in ("drivers", "integrations") for manifest in _folders(room)]
    for entry in metadata.entry_points(group="gatehouse.plugins"):
        found += _read(resources.files(entry.module).joinpath("manifest.toml"), entry.module)
    return MappingProxyType({f"{manifest.kind}/{manifest.name}": manifest for manifest in found})


def integration_called(name: str) -> str:
    """Its own name, where that is one of the others that people give it; else as it was said."""
    named = (each.name for each in discover().values() if each.kind == "integration" and name in each.also)
    return next(named, name)


def _folders(room: str) -> Iterator[Manifest]:
    for folder in sorted(resources.files(room).iterdir(), key=lambda each: each.name):
        if folder.is_dir():
            yield from _read(folder.joinpath("manifest.toml"), f"{room}.{folder.name}")


def _read(file: Any, module: str) -> Iterator[Manifest]:
    if not file.is_file():
        return
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    yield Manifest(
        kind=told["kind"],
        name=told["name"],
        summary=told["summary"],
        level=told["level"],
        module=module,
        commands=told.get("commands", {}),
        service=told.get("service", False),
        account=told.get("account", False),
        several=told.get("several", False),
        can=tuple(told.get("can", ())),
        cannot=tuple(told.get("cannot", ())),
        notices=tuple(Notice(**each) for each in told.get("notice", ())),
        title=told.get("title", told["name"]),
        makes=told.get("makes", ""),
        webhook=told.get("webhook", ""),
        settings=tuple(SettingSaid(**each) for each in told.get("setting", ())),
        also=tuple(told.get("also", ())),
    )
