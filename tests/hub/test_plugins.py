from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from hub.contracts import Lock
from hub.errors import Misconfigured, Unavailable
from hub.io.clock import SystemClock, Trust
from hub.io.sandbox import InlineSandbox
from hub.model.values import Address, ChannelId
from hub.plugins import Plugins, host_maker, settings_of
from tests.simulators.home import home, simulate


class Falling:
    """A driver that falls as often as a test says, then stays."""

    def __init__(self, *falls: Exception | None) -> None:
        self.falls = list(falls)
        self.started: list[float] = []

    @property
    def locks(self) -> Mapping[Address, Lock]:
        return {}

    async def run(self) -> None:
        self.started.append(asyncio.get_running_loop().time())
        if self.falls:
            fall = self.falls.pop(0)
            if fall is None:
                return
            raise fall
        await asyncio.Event().wait()


def _kept(tmp_path: Path, driver: Falling, seconds: float) -> Plugins:
    """The plugins after a keeper has looked after a driver for so long."""

    async def main() -> Plugins:
        async with home(tmp_path) as house:
            plugins = Plugins(
                wall=house.hub.clock, host=lambda *_: pytest.fail("not needed"), changed=house.hub.bus.signal
            )
            plugins.add_driver("falling", driver)
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(plugins.keep_drivers())
                await asyncio.sleep(seconds)
                keeping.cancel()
            return plugins

    return simulate(main())


def test_a_driver_that_falls_is_started_again_ever_more_slowly(tmp_path: Path) -> None:
    driver = Falling(*[Unavailable("the stick is not there")] * 12)
    plugins = _kept(tmp_path, driver, 3600)
    gaps = [after - before for before, after in zip(driver.started, driver.started[1:], strict=False)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) == 300
    assert plugins.conditions["falling"].state == "running"


def test_while_it_waits_its_condition_says_why(tmp_path: Path) -> None:
    plugins = _kept(tmp_path, Falling(*[Unavailable("the stick is not there")] * 5), 3)
    condition = plugins.conditions["falling"]
    assert (condition.state, condition.why) == ("waiting", "the stick is not there")


def test_an_unexpected_fall_is_told_without_its_details(tmp_path: Path) -> None:
    plugins = _kept(tmp_path, Falling(*[ValueError("PIN 314159")] * 5), 3)
    assert plugins.conditions["falling"].why == "it failed unexpectedly (ValueError)"


def test_a_setting_that_cannot_work_switches_the_driver_off_until_it_is_changed(tmp_path: Path) -> None:
    driver = Falling(Misconfigured("drivers.falling.port", "there is no such port; plug the stick in"))
    plugins = _kept(tmp_path, driver, 3600)
    assert len(driver.started) == 1
    assert (plugins.conditions["falling"].state, plugins.conditions["falling"].why) == (
        "off",
        "drivers.falling.port: there is no such port; plug the stick in",
    )


def test_a_driver_with_a_wrong_setting_is_off_and_the_rest_runs(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.hub.plugins.prepare_driver("zwave", {"prot": "/dev/null"})
            assert house.hub.plugins.conditions["zwave"].state == "off"
            assert "port" in house.hub.plugins.conditions["zwave"].why
            assert house.lock("front").commands > 0

    simulate(main())


def test_a_plugin_that_cannot_be_started_is_off_and_the_rest_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            channel, plugins = ChannelId("feed-2"), house.hub.plugins
            for module in ("integrations.ical", "drivers.zwave"):
                monkeypatch.setitem(sys.modules, module, ModuleType(module))
            plugins.plug_channel(channel, "ical", {"url": "https://example.com/a.ics"}, {})
            plugins.prepare_driver("zwave", {"port": "/dev/ttyACM0"})
            assert plugins.integration(channel) is None
            assert [(plugins.conditions[name].state, plugins.conditions[name].why) for name in (channel, "zwave")] == [
                ("off", "channel “feed-2”: it cannot be started (AttributeError)"),
                ("off", "drivers.zwave: it cannot be started (AttributeError)"),
            ]
            assert house.lock("front").commands > 0

    simulate(main())


def test_a_plugin_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(Misconfigured, match=r"there is no integration called “icall”.*ical"):
        settings_of("integration", "icall", {}, "channel “x”")


def test_a_channel_can_be_plugged_anew_and_unplugged(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            channel, plugins = ChannelId("feed-2"), house.hub.plugins
            plugins.plug_channel(channel, "ical", {"url": "https://example.com/a.ics"}, {"timezone": "Europe/Berlin"})
            first = plugins.integration(channel)
            plugins.plug_channel(channel, "ical", {"url": "https://example.com/b.ics"}, {"timezone": "Europe/Berlin"})
            assert first is not None
            assert plugins.integration(channel) is not first
            plugins.unplug_channel(channel)
            assert plugins.integration(channel) is None

    simulate(main())


def test_what_a_plugin_says_has_changed_is_told_under_its_name(tmp_path: Path) -> None:
    told: list[str] = []

    async def nobody(teller: str, fact: object) -> None:
        pytest.fail("nothing was told")

    make = host_maker(
        clock=SystemClock(Trust(last_committed=None)),
        state_dir=tmp_path,
        tell=nobody,
        seal=lambda data, _: data,
        unseal=lambda data, _: data,
        sandbox=InlineSandbox(),
        changed=told.append,
    )
    make("driver", "zwave").changed()
    assert told == ["plugin:zwave"]
