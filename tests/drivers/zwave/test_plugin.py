from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers import zwave
from drivers.zwave.driver import ZWave
from tests.drivers.zwave.fakes import House


@pytest.mark.parametrize(
    "port", ["/dev/ttyACM0", "/dev/serial/by-id/usb-x", "socket://127.0.0.1:5555", "socket://[::1]:5"]
)
def test_a_port_is_a_path_or_a_socket(port: str) -> None:
    assert zwave.Config(port=port).port == port


@pytest.mark.parametrize(
    "port",
    [
        "",
        "ttyACM0",
        "COM3",
        "socket://",
        "socket://host",
        "socket://host:0",
        "socket://host:70000",
        "tcp://h:1",
        "socket://u@h:1",
        "socket://h:1/x",
    ],
)
def test_another_port_is_a_mistake_that_says_how_it_is_written(port: str) -> None:
    with pytest.raises(ValidationError, match="by-id"):
        zwave.Config(port=port)


def test_an_unknown_setting_is_a_mistake() -> None:
    with pytest.raises(ValidationError):
        zwave.Config.model_validate({"port": "/dev/ttyACM0", "speed": 115200})


def test_it_starts_as_a_driver_without_touching_the_port(house: House) -> None:
    driver = zwave.start(zwave.Config(port="/dev/does-not-exist"), house.host)
    assert isinstance(driver, ZWave)
    assert dict(driver.locks) == {}


def test_the_manifest_names_it() -> None:
    manifest = tomllib.loads(Path(zwave.__file__).with_name("manifest.toml").read_text("utf-8"))
    assert (manifest["kind"], manifest["name"], manifest["level"]) == ("driver", "zwave", "works")
