"""Every booking manager by name: its double, and our reader of it, made as the hub makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

from hub.contracts import Host
from hub.contracts.accounts import Account
from hub.io.api import Send
from hub.io.http import send
from tests.simulators.managers.beds24 import Beds24Desk
from tests.simulators.managers.desk import Desk
from tests.simulators.managers.guesty import WEBHOOK_SECRET, GuestyDesk
from tests.simulators.managers.hospitable import HospitableDesk
from tests.simulators.managers.hostaway import HostawayDesk
from tests.simulators.managers.lodgify import LodgifyDesk
from tests.simulators.managers.ownerrez import OwnerRezDesk
from tests.simulators.managers.smoobu import SmoobuDesk

SECRETS: Final = ("pt_key", "geheim", "whsec_", "sixteen")


@dataclass(frozen=True, slots=True)
class Double:
    name: str
    desk: type[Desk]
    path: str
    """Where its API lives at the double's address."""
    settings: Mapping[str, Any]
    states: frozenset[str]
    """Of the double's bookings, those that this service can tell apart."""
    untold: frozenset[str] = frozenset()
    """What it does not tell of a booking, by the names of a report."""
    by_the_day: bool = False
    """It can be asked for what changed by the day only."""
    codes: str = "field"
    """Where it has a place for door codes: `field`, `note`, or empty."""
    nights: bool = False
    """Nights can be closed there."""
    closed: frozenset[str] = frozenset()
    """Nights that people close in its calendar can be read: `block`, or `owner` as well."""
    messages: bool = True
    """Guests can be written to through it."""


def _states(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CALLER: Final = {"webhook_user": "caller", "webhook_password": "secret"}
_BEHIND: Final = {"webhook_secret": "a-secret-of-sixteen", "currency": "EUR"}

MANAGERS: Final = {
    each.name: each
    for each in (
        Double(
            "ownerrez",
            OwnerRezDesk,
            "/v2",
            {"user": "host@example.com", "token": "pt_key", "currency": "EUR", **_CALLER},
            _states("taken asked over block strange"),
            codes="note",
            messages=False,
        ),
        Double(
            "guesty",
            GuestyDesk,
            "",
            {"client_id": "client", "client_secret": "geheim", "webhook_secret": WEBHOOK_SECRET},
            _states("taken asked over strange"),
            _states("adults children"),
            nights=True,
            closed=_states("block owner"),
        ),
        Double(
            "hospitable",
            HospitableDesk,
            "/v2",
            {"token": "pt_key", "webhook_secret": "geheim", "prices": True},
            _states("taken asked over owner strange"),
            codes="",
            nights=True,
            closed=_states("block"),
        ),
        Double(
            "hostaway",
            HostawayDesk,
            "/v1",
            {"account": "10450", "secret": "geheim", **_CALLER},
            _states("taken asked over owner strange"),
            by_the_day=True,
            nights=True,
            closed=_states("block"),
        ),
        Double(
            "lodgify",
            LodgifyDesk,
            "",
            {"api_key": "pt_key", "webhook_secret": "geheim"},
            _states("taken asked over strange"),
            closed=_states("block"),
        ),
        Double(
            "smoobu",
            SmoobuDesk,
            "/api",
            {"api_key": "pt_key", "api_secret": "geheim", **_BEHIND},
            _states("taken over block strange"),
            by_the_day=True,
            codes="note",
            nights=True,
        ),
        Double(
            "beds24",
            Beds24Desk,
            "/v2",
            {"refresh_token": "pt_key", **_BEHIND},
            _states("taken asked over block strange"),
            nights=True,
        ),
    )
}


def reader(
    manager: Double,
    host: Host,
    address: str = "http://127.0.0.1:9",
    through: Send = send,
    more: Mapping[str, object] | None = None,
) -> Account:
    """`more`: settings beside the double's own."""
    module = import_module(f"integrations.{manager.name}")
    config = module.Config.model_validate({**manager.settings, **(more or {}), "address": address + manager.path})
    kind = type(module.start(config, host))
    return cast(Account, kind(config, host, through))
