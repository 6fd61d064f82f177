"""Plugins are folders: found by their manifest without importing them, started under a keeper, switched off by a sentence.

A driver runs until it is cancelled; if it falls it is started anew after 1 s, doubling up to 5 min. `Misconfigured`
switches it off until the configuration changes. What one plugin does never stops another.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar, cast

import structlog
from pydantic import BaseModel

from hub.config import checked
from hub.contracts import Clock, Driver, Host, Integration, Lock, Performer, Rehearsal, Sandbox
from hub.contracts.radio import Radio
from hub.errors import Disappointment, Misconfigured, Unavailable
from hub.manifests import discover
from hub.model.facts import Fact
from hub.model.values import Address, ChannelId

T = TypeVar("T")

log = structlog.get_logger("plugins")

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 300.0
NOTHING: Final[Mapping[str, Any]] = {}


class _Start(Protocol):
    def __call__(self, config: Any, host: Host) -> Any: ...


def settings_of(kind: str, name: str, told: Mapping[str, Any], key: str, house: Mapping[str, Any] = NOTHING) -> Any:
    """The plugin's own Config made of what the operator wrote, and of what the house adds where the plugin asks for it.

    Raises:
        Misconfigured: no such plugin, or a setting it does not understand; `key` is where the operator wrote it.
    """
    return _config(_module(kind, name, key), told, key, house)


def settings_model(kind: str, name: str, key: str) -> type[BaseModel]:
    """The plugin's own Config. Raises Misconfigured where there is no such plugin."""
    found: type[BaseModel] = _module(kind, name, key).Config
    return found


def _module(kind: str, name: str, key: str) -> ModuleType:
    plugins = discover()
    if f"{kind}/{name}" not in plugins:
        known = ", ".join(sorted(each.name for each in plugins.values() if each.kind == kind))
        raise Misconfigured(key, f"there is no {kind} called “{name}”; there are: {known}")
    return importlib.import_module(plugins[f"{kind}/{name}"].module)


def _config(module: ModuleType, told: Mapping[str, Any], key: str, house: Mapping[str, Any] = NOTHING) -> Any:
    wanted = {name: value for name, value in house.items() if name in module.Config.model_fields}
    return checked(module.Config, wanted | dict(told), key)


def _is_radio(driver: Driver) -> bool:
    return hasattr(driver, "survey") and hasattr(driver, "joining")


async def _to_nobody(_fact: Fact) -> None:
    """What is only tried tells nothing."""


def _broken(key: str, error: Exception) -> Misconfigured:
    return Misconfigured(key, f"it cannot be started ({type(error).__name__})")


@dataclass(frozen=True, slots=True)
class Condition:
    """How a plugin is, for the Health page."""

    name: str
    kind: str
    state: str
    """`running` | `waiting` | `off`"""
    since: datetime
    why: str = ""


class Plugins:
    """What is plugged in: drivers with their locks, and one integration for each channel."""

    def __init__(self, *, wall: Clock, host: Callable[[str, str], Host], changed: Callable[[str], None]) -> None:
        """`host` makes what a plugin sees, from its kind and its name; `changed` is told `health` when a condition changes."""
        self._wall = wall
        self._host = host
        self._changed = changed
        self._drivers: dict[str, Driver] = {}
        self._channels: dict[ChannelId, Integration] = {}
        self._services: dict[str, Integration] = {}
        self.conditions: dict[str, Condition] = {}

    # ---- drivers ----

    def lock(self, driver: str, address: Address) -> Lock | None:
        """The lock as its driver knows it now; None while it has not been met."""
        running = self._drivers.get(driver)
        return None if running is None else running.locks.get(address)

    @property
    def met(self) -> Iterator[tuple[str, Lock]]:
        """Every lock that any driver has met, named in the house or not."""
        return ((name, lock) for name, driver in self._drivers.items() for lock in driver.locks.values())

    @property
    def rehearsal(self) -> Rehearsal | None:
        """The simulator's hands, if one is plugged in."""
        hands = (each for each in self._drivers.values() if hasattr(each, "press"))
        return cast("Rehearsal | None", next(hands, None))

    @property
    def radios(self) -> dict[str, Radio]:
        """The drivers whose network can be looked after from here, by their names."""
        return {name: cast("Radio", each) for name, each in self._drivers.items() if _is_radio(each)}

    async def asked(self, name: str, work: Awaitable[T]) -> T:
        """What a driver does when a person asks: however it fails, nothing else falls with it.

        Raises:
            Disappointment: its own; or Unavailable where it failed as none should, and what was asked may have been done.
        """
        try:
            return await work
        except Disappointment:
            raise
        except Exception as error:  # the keeper: one of the five places (design.md §5)
            log.error("plugin failed", plugin=name, exc_info=error)
            raise Unavailable(f"{name} failed unexpectedly ({type(error).__name__})") from error

    def prepare_driver(self, name: str, told: Mapping[str, Any]) -> None:
        """Make a driver ready to be kept. A wrong setting leaves it off with a sentence and everything else running."""
        key = f"drivers.{name}"
        try:
            module = _module("driver", name, key)
            self.add_driver(name, cast("_Start", module.start)(_config(module, told, key), self._host("driver", name)))
        except Misconfigured as error:
            self._switch_off(name, "driver", error)
        except Exception as error:  # the keeper: one of the five places (design.md §5)
            log.error("plugin cannot be started", plugin=name, exc_info=error)
            self._switch_off(name, "driver", _broken(key, error))

    def add_driver(self, name: str, driver: Driver) -> None:
        self._drivers[name] = driver

    async def keep_drivers(self) -> None:
        """Run every prepared driver, each under its own keeper, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, driver in self._drivers.items():
                group.create_task(self._keep(name, driver.run), name=f"driver {name}")

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        wait, loop = FIRST_WAIT_S, asyncio.get_running_loop()
        while True:
            started = loop.time()
            self._set(Condition(name, "driver", "running", self._wall.now()))
            try:
                await run()
                why = "it stopped by itself"
            except Misconfigured as error:
                self._switch_off(name, "driver", error)
                return
            except Unavailable as error:
                why = str(error)
            except Exception as error:  # the keeper: one of the five places (design.md §5)
                why = f"it failed unexpectedly ({type(error).__name__})"
                log.error("plugin fell", plugin=name, exc_info=error)
            wait = FIRST_WAIT_S if loop.time() - started > LONGEST_WAIT_S else wait
            self._fell(name, why)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)

    def _fell(self, name: str, why: str) -> None:
        known = self.conditions[name]
        if known.why != why:
            log.warning("driver waits to be started again", driver=name, why=why)
        self._set(replace(known, state="waiting", why=why, since=self._wall.now()))

    def _switch_off(self, name: str, kind: str, error: Misconfigured) -> None:
        log.warning("plugin is off", plugin=name, why=str(error))
        self._set(Condition(name, kind, "off", self._wall.now(), str(error)))

    def _set(self, condition: Condition) -> None:
        self.conditions[condition.name] = condition
        self._changed("health")

    # ---- integrations ----

    def integration(self, channel: ChannelId) -> Integration | None:
        """None while the channel is switched off by a wrong setting or does not exist."""
        return self._channels.get(channel)

    @property
    def channels(self) -> dict[ChannelId, Integration]:
        return dict(self._channels)

    def plug_channel(self, channel: ChannelId, name: str, told: Mapping[str, Any], house: Mapping[str, Any]) -> None:
        """Start, or start anew with other settings, the integration of one channel.

        Args:
            told: what the operator wrote for this channel.
            house: what the hub adds where the integration wants to know it, e.g. `timezone`.
        """
        try:
            integration = self._started(channel, name, told, house, self._host("integration", channel))
        except Misconfigured as error:
            self._channels.pop(channel, None)
            self._switch_off(channel, "integration", error)
            return
        self.add_channel(channel, integration)
        self._set(Condition(channel, "integration", "running", self._wall.now()))

    def on_trial(
        self, channel: ChannelId, name: str, told: Mapping[str, Any], house: Mapping[str, Any], folder: Path | None
    ) -> Integration:
        """The integration as that channel would have it, which nobody hears of. As `plug_channel` otherwise.

        Args:
            folder: where it keeps what it must; None: where the channel itself keeps it.

        Raises:
            Misconfigured: it cannot be started with these settings.
        """
        host = self._host("integration", channel)
        quiet = replace(host, tell=_to_nobody, changed=lambda: None, state_dir=folder or host.state_dir)
        return self._started(channel, name, told, house, quiet)

    def _started(
        self, channel: ChannelId, name: str, told: Mapping[str, Any], house: Mapping[str, Any], host: Host
    ) -> Integration:
        """Raises Misconfigured, however it fails."""
        key = f"channel “{channel}”"
        try:
            module = _module("integration", name, key)
            return cast("Integration", cast("_Start", module.start)(_config(module, told, key, house), host))
        except Misconfigured:
            raise
        except Exception as error:  # the keeper: one of the five places (design.md §5)
            log.error("plugin cannot be started", plugin=channel, exc_info=error)
            raise _broken(key, error) from error

    def add_channel(self, channel: ChannelId, integration: Integration) -> None:
        self._channels[channel] = integration

    def plug_service(self, name: str, told: Mapping[str, Any]) -> None:
        """Start an integration that serves the whole hub, with what the operator wrote under `[integrations.NAME]`."""
        key = f"integrations.{name}"
        try:
            module = _module("integration", name, key)
            service = cast("_Start", module.start)(_config(module, told, key), self._host("integration", name))
        except Misconfigured as error:
            self._switch_off(name, "integration", error)
            return
        except Exception as error:  # the keeper: one of the five places (design.md §5)
            log.error("plugin cannot be started", plugin=name, exc_info=error)
            self._switch_off(name, "integration", _broken(key, error))
            return
        self.add_service(name, service)
        self._set(Condition(name, "integration", "running", self._wall.now()))

    def add_service(self, name: str, service: Integration) -> None:
        self._services[name] = service

    def performer(self, kind: type) -> Performer | None:
        """Of the services, whoever performs effects of that kind; None: no such service is set up."""
        offers = (service.perform.get(kind) for service in self._services.values())
        return next((performer for performer in offers if performer is not None), None)

    def unplug_channel(self, channel: ChannelId) -> None:
        self._channels.pop(channel, None)
        self.conditions.pop(channel, None)


def host_maker(
    *,
    clock: Clock,
    state_dir: Path,
    tell: Callable[[str, Fact], Awaitable[None]],
    seal: Callable[[bytes, str], bytes],
    unseal: Callable[[bytes, str], bytes],
    sandbox: Sandbox,
    changed: Callable[[str], None],
) -> Callable[[str, str], Host]:
    """What turns a plugin's kind and name into the Host it sees; seals are bound to the plugin they were made for.

    `changed` is told `plugin:NAME` when a plugin says that it is no longer as pages show it.
    """

    def make(kind: str, name: str) -> Host:
        folder = state_dir / f"{kind}s" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = f"{kind}:{name}"

        async def told(fact: Fact) -> None:
            await tell(name, fact)

        return Host(
            name=name,
            tell=told,
            clock=clock,
            state_dir=folder,
            seal=lambda data: seal(data, about),
            open=lambda data: unseal(data, about),
            sandbox=sandbox,
            changed=lambda: changed(f"plugin:{name}"),
        )

    return make
