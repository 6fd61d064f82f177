"""Z-Wave locks on a stick that speaks the Serial API."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from drivers.zwave import keyring
from drivers.zwave.care import ZWaveRadio
from hub.contracts import Driver, Host
from hub.io import serial


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    port: str
    """`/dev/serial/by-id/…`, or `socket://host:port`."""
    keys: Path | None = None
    """The network keys of the host that ran this stick before, as JSON; needed once, kept sealed from then on."""

    @field_validator("port")
    @classmethod
    def _is_a_port(cls, port: str) -> str:
        serial.parse(port)
        return port


def start(config: Config, host: Host) -> Driver:
    return ZWaveRadio(config.port, host, serial.connect, keyring.load(config.keys, host))
