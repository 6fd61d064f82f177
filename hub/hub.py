"""The running hub as its rooms see it: everything that is shared, made once in hub/running.py."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from hub.accounts_told import AccountsTold
from hub.adopting import Adopting
from hub.alerts import Alerts
from hub.batteries import Batteries
from hub.bus import Bus
from hub.config import Config
from hub.contracts import Clock
from hub.emergency import Emergencies
from hub.guest_messages import GuestMessages
from hub.guests_told import GuestTeller
from hub.inbox import Inbox
from hub.intake import Intake
from hub.io.tagbook import TagBook
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.ladder import Ladder
from hub.outbox import Outbox
from hub.pass_news import PassTeller
from hub.passes import PassKeeper
from hub.plugins import Plugins
from hub.publishing import Publisher
from hub.radio import Radios
from hub.reconcile import Reconciler
from hub.signin import SignIn
from hub.store.engine import Store
from hub.tokens import Tokens
from hub.unlock import Hand


@dataclass(frozen=True, slots=True)
class Hub:
    config: Config
    state_dir: Path
    store: Store
    vault: Vault
    bus: Bus
    clock: Clock
    """The house's time; in a rehearsal it is turned."""
    wall: Clock
    """Real time, for sessions, leases and back-off."""
    tagbook: TagBook
    plugins: Plugins
    desk: Desk
    intake: Intake
    inbox: Inbox
    outbox: Outbox
    publisher: Publisher
    messages: GuestMessages
    guest_teller: GuestTeller
    reconciler: Reconciler
    accounts_told: AccountsTold
    ladder: Ladder
    hand: Hand
    batteries: Batteries
    emergencies: Emergencies
    adopting: Adopting
    passes: PassKeeper
    pass_teller: PassTeller
    radios: Radios
    signin: SignIn
    tokens: Tokens
    alerts: Alerts
    running: bool
    """False for a command that works on the database of a hub that does not run: nothing is reached over the air."""
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever has a calendar made (hub/making.py): who looks for it in the same instant finds none yet."""
