"""A simulated Z-Wave stick and the locks behind it, for demonstrations and tests."""

from __future__ import annotations

from random import Random  # noqa: TID251  # here chance is made; everybody else is handed a Chance

from drivers.simulator.ledger import Ledger
from drivers.simulator.settings import Config
from drivers.simulator.simulator import Simulator
from hub.contracts import Host

__all__ = ["Config", "Simulator", "start"]


def start(config: Config, host: Host) -> Simulator:
    ledger = Ledger(config.state_file or host.state_dir / "building.jsonl")
    return Simulator(config, host.clock.now, ledger, Random(config.seed))  # noqa: S311  # chances, not secrets
