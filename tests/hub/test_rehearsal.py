from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import Config, parse
from hub.errors import Misconfigured
from hub.rehearsal import refuse_real_doors


def config(**more: object) -> Config:
    return parse({"database": "g.db", "state_dir": "state", "key_file": "key", **more}, Path("/nowhere"))


@pytest.mark.parametrize(
    "settings",
    [
        {"port": "socket://127.0.0.1:5555"},
        {"port": "socket://localhost:5555"},
        {"port": "socket://[::1]:5555"},
        {"port": "socket://me@127.0.0.1:5555"},
        {"port": "/dev/pts/4"},
        {"listen": "127.0.0.1:5555", "locks": [{"address": "3", "model": "yale", "name": "Flat 1: left"}]},
        {"every": "10m", "retries": 3},
    ],
)
def test_a_simulated_radio_may_live_in_turned_time(settings: dict[str, object]) -> None:
    refuse_real_doors(config(drivers={"zwave": settings}), {"airbnb": {"url": "http://127.0.0.1:9/x.ics"}})


@pytest.mark.parametrize(
    "settings",
    [
        {"port": "/dev/serial/by-id/usb-0658_0200-if00"},
        {"port": "/dev/ttyACM0"},
        {"port": "socket://192.168.1.20:5555"},
        {"port": "socket://bridge.local:5555"},
        {"port": "socket://user@10.0.0.1:5555"},
        {"port": "bridge.local:5555"},
        {"mqtt": {"brokers": ["mqtt://127.0.0.1", "mqtt://broker.example"]}},
    ],
)
def test_a_real_radio_does_not(settings: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="not on this machine") as refusal:
        refuse_real_doors(config(drivers={"zwave": settings}), {})

    assert refusal.value.key.startswith("drivers.zwave.")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.airbnb.com/calendar/ical/1.ics?s=geheim",
        "http://127.0.0.1.example/x",
        "http://127.0.0.1@evil.example/x",
        "HTTPS://EXAMPLE.COM",
        "http:///x",
    ],
)
def test_a_real_calendar_does_not(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        refuse_real_doors(config(), {"airbnb": {"url": url}})

    assert refusal.value.key == "channel “airbnb”.url"
    assert "geheim" not in str(refusal.value)


def test_what_all_channels_have_in_common_counts_too() -> None:
    with pytest.raises(Misconfigured, match=r"integrations\.partner\.webhook"):
        refuse_real_doors(config(integrations={"partner": {"webhook": "https://partner.example"}}), {})
