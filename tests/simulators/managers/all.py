"""Every booking manager by name: its double, and our reader of it, made as the hub makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.io.api import Send
from hub.io.http import send
from integrations import ownerrez
from integrations.ownerrez.account import OwnerRez
from tests.simulators.managers.desk import Desk
from tests.simulators.managers.ownerrez import OwnerRezDesk

SECRETS: Final = ("pt_key", "geheim", "secret")


@dataclass(frozen=True, slots=True)
class Manager:
    name: str
    desk: type[Desk]
    make: Callable[[str, Host, Send], Account]
    """From the address at which the double stands."""
    states: frozenset[str]
    """Of the double's bookings, those that this service can tell apart."""


def _ownerrez(address: str, host: Host, through: Send) -> OwnerRez:
    told: dict[str, Any] = {
        "user": "host@example.com",
        "token": "pt_key",
        "currency": "EUR",
        "address": f"{address}/v2",
    }
    config = ownerrez.Config.model_validate({**told, "webhook_user": "caller", "webhook_password": "secret"})
    return OwnerRez(config, host, through)


MANAGERS: Final = {
    each.name: each
    for each in (Manager("ownerrez", OwnerRezDesk, _ownerrez, frozenset({"taken", "over", "block", "strange"})),)
}


def reader(manager: Manager, host: Host, address: str = "http://127.0.0.1:9", through: Send = send) -> Account:
    return manager.make(address, host, through)
