"""What `gatehouse check` looks at, without starting anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from hub.commandline.exits import exit_code
from hub.commands import read_site
from hub.config import Config, check_key_file, check_tls_files, load, read_text, unknown
from hub.errors import Disappointment, Misconfigured, Rejected
from hub.io.vault import Vault
from hub.manifests import discover
from hub.plugins import settings_of
from hub.store.places import Place
from hub.store.sqlite import Claim, InUse
from hub.store.sqlite import check as check_database


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    ok: bool
    sentence: str
    exit_code: int = 0


def checks(path: Path, site: Path | None) -> list[Check]:
    """Everything that can be said; what hangs on a configuration that cannot be read is left out."""
    try:
        config = load(path)
    except Disappointment as error:
        return [_no("configuration", error)]
    looks: list[tuple[str, Callable[[], str]]] = [
        ("TLS", lambda: _tls(config)),
        ("key file", lambda: _key_file(config)),
        ("database", lambda: _database(config)),
        *((f"driver {name}", lambda name=name: _plugin(config, "driver", name)) for name in config.drivers),
        *((f"integration {name}", lambda name=name: _integration(config, name)) for name in config.integrations),
    ]
    if site is not None:
        looks.append(("site file", lambda: _site(config, site)))
    return [Check("configuration", True, f"{path} is understood"), *_looked(looks)]


def _looked(looks: list[tuple[str, Callable[[], str]]]) -> Iterator[Check]:
    for what, look in looks:
        try:
            yield Check(what, True, look())
        except Disappointment as error:
            yield _no(what, error)


def _no(what: str, error: Disappointment) -> Check:
    return Check(what, False, str(error), exit_code(error))


def _tls(config: Config) -> str:
    check_tls_files(config)
    if config.web.tls is None:
        return f"the pages are served without it on {config.web.listen}"
    return f"certificate and key can be read; the pages are served on {config.web.listen}"


def _key_file(config: Config) -> str:
    check_key_file(config)
    if not config.key_file.exists() and not config.has_house:
        return f"{config.key_file} will be made at the first start"
    Vault.load(config.key_file)
    return f"{config.key_file} holds the keys of the house"


def _database(config: Config) -> str:
    if not config.is_a_file:
        return _postgresql(config.place)
    file = config.database_file
    if not file.exists():
        return f"{file} will be made at the first start"
    try:
        claim = Claim.take(file)
    except InUse:
        return f"{file} is in use by the running hub"
    try:
        check_database(file)
    finally:
        claim.release(clean=claim.left_clean)
    return f"{file} is sound"


def _postgresql(place: Place) -> str:
    assert not isinstance(place, Path)
    try:
        claim = place.claim()
    except InUse:
        return f"{place} is in use by the running hub"
    try:
        place.check(claim)
        return f"{place} holds the house" if place.exists() else f"{place} gets its tables at the first start"
    finally:
        claim.release(clean=True)


def _plugin(config: Config, kind: str, name: str) -> str:
    settings_of(kind, name, config.drivers[name], f"drivers.{name}")
    return "its settings are understood"


def _integration(config: Config, name: str) -> str:
    """What one channel needs may stand in its own settings: only names are looked at, not whether they are enough."""
    known = {plugin.name: plugin for plugin in discover().values() if plugin.kind == "integration"}
    if name not in known:
        raise Misconfigured(f"integrations.{name}", unknown(name, known))
    if known[name].service:
        settings_of("integration", name, config.integrations[name], f"integrations.{name}")
        return "its settings are understood"
    settings = import_module(known[name].module).Config.model_fields
    for key in config.integrations[name]:
        if key not in settings:
            raise Misconfigured(f"integrations.{name}.{key}", unknown(key, settings))
    return "its settings are known"


def _site(config: Config, path: Path) -> str:
    try:
        site = read_site(config, read_text(path), str(path))
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return f"{path} is understood: {len(site.units)} units, {len(site.locks)} locks"
