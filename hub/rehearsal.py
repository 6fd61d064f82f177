"""A turned clock must not reach real doors or real guests: everything that a rehearsal touches is on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.config import Config, Listen
from hub.errors import Misconfigured

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)", re.IGNORECASE)
_HOST_AND_PORT: Final = re.compile(r"(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")


def refuse_real_doors(config: Config, channels: Mapping[str, Mapping[str, Any]]) -> None:
    """`channels` are their settings, as they count. Raises Misconfigured for an address that is not on this machine."""
    sections = {
        **{f"drivers.{name}": told for name, told in config.drivers.items()},
        **{f"integrations.{name}": told for name, told in config.integrations.items()},
        **{f"channel “{channel}”": told for channel, told in channels.items()},
    }
    for section, told in sections.items():
        for key, text in _texts(told, section):
            if _leads_away(text):
                raise Misconfigured(key, "is not on this machine, so the clock must not be turned; leave out --clock")


def leading_away(told: Mapping[str, Any]) -> list[str]:
    """The settings of one section that are an address of another machine."""
    return [key.lstrip(".") for key, text in _texts(told, "") if _leads_away(text)]


def _texts(told: object, key: str) -> Iterator[tuple[str, str]]:
    match told:
        case str():
            yield key, told
        case Mapping():
            for name, value in told.items():
                yield from _texts(value, f"{key}.{name}")
        case list() | tuple():
            for value in told:
                yield from _texts(value, key)


def _leads_away(text: str) -> bool:
    if text.startswith("/dev/"):
        return not text.startswith("/dev/pts/")  # a simulated stick's end of a pseudo terminal
    address = _URL.match(text) or _HOST_AND_PORT.fullmatch(text)
    return address is not None and not Listen(address[1].strip("[]"), 0).loopback
