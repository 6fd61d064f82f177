"""Which plugins there are: read from their manifests, without importing any. Only the standard library, so it is quick."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata, resources
from typing import Any


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


def discover() -> dict[str, Manifest]:
    """Every plugin by `kind/name`, without importing any: ours by folder, third-party ones by entry point."""
    found = [manifest for room in ("drivers", "integrations") for manifest in _folders(room)]
    for entry in metadata.entry_points(group="gatehouse.plugins"):
        found += _read(resources.files(entry.module).joinpath("manifest.toml"), entry.module)
    return {f"{manifest.kind}/{manifest.name}": manifest for manifest in found}


def _folders(room: str) -> Iterator[Manifest]:
    for folder in sorted(resources.files(room).iterdir(), key=lambda each: each.name):
        if folder.is_dir():
            yield from _read(folder.joinpath("manifest.toml"), f"{room}.{folder.name}")


def _read(file: Any, module: str) -> Iterator[Manifest]:
    if not file.is_file():
        return
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    commands, service = told.get("commands", {}), told.get("service", False)
    yield Manifest(told["kind"], told["name"], told["summary"], told["level"], module, commands, service)
