"""The simulator without the hub: `python -m drivers.simulator --listen 127.0.0.1:0 --locks schlage,yale`.

Says where it listens as one JSON line on stdout and serves until it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from random import Random  # noqa: TID251  # here chance is made; everybody else is handed a Chance
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from drivers.simulator.air import Rate
from drivers.simulator.control import application
from drivers.simulator.ledger import Ledger
from drivers.simulator.settings import Config, Security, Segments, loopback
from drivers.simulator.simulator import Simulator
from hub.errors import Disappointment
from hub.io.clock import SystemClock, Trust


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 stopped, 1 it could not serve, 2 an argument is wrong."""
    told = _parser().parse_args(arguments)
    try:
        config = Config(**_settings(told))
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            sys.stderr.write(f"{'.'.join(map(str, each['loc']))}: {each['msg']}\n")
        return 2
    wrong: list[BaseException] = []
    try:
        asyncio.run(_serve(config, told.control))
    except* Disappointment as group:
        wrong.extend(group.exceptions)
    for failure in wrong:
        sys.stderr.write(f"{failure}\n")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulator", description="A simulated Z-Wave stick.")
    parser.add_argument("--listen", default="127.0.0.1:0", help="127.0.0.1:PORT (0 for any) or pty:/path")
    parser.add_argument("--control", type=_here, default="127.0.0.1:0", help="where the hands listen, on the loopback")
    parser.add_argument("--state", type=Path, help="journal file; without it nothing is kept")
    parser.add_argument(
        "--locks", default="schlage,yale,kwikset", help="MODEL, on nodes 2, 3, …; NODE=MODEL, new=MODEL; MODEL+s2"
    )
    parser.add_argument(
        "--keys", type=_keys, default={}, help="file with the network keys that secure locks have joined with"
    )
    parser.add_argument("--slots", type=int, help="for every lock")
    parser.add_argument("--quirks", type=json.loads, default={}, help="JSON object, for every lock")
    parser.add_argument("--auto-lock", type=float, default=0.0, help="seconds, for every lock; 0 for never")
    parser.add_argument("--lockout", type=float, default=60.0, help="seconds after too many wrong codes")
    parser.add_argument("--travel", type=float, default=0.0, help="seconds that a bolt takes")
    parser.add_argument("--delay", type=float, default=0.03, help="seconds of one hop by radio")
    parser.add_argument("--rate", choices=[each.value for each in Rate], help="frames take what their length needs")
    parser.add_argument("--beamed", action="store_true", help="every lock sleeps and is woken by a beam")
    parser.add_argument("--awake", type=float, default=0.5, help="seconds that such a lock stays awake")
    parser.add_argument("--give-up", type=float, default=0.3, help="seconds until the stick gives up on a lock")
    parser.add_argument("--no-collisions", action="store_true", help="never answer CAN")
    parser.add_argument("--segments", choices=[each.value for each in Segments], default="whole")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON object: any setting, above all others")
    return parser


def _here(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    if not loopback(host):
        raise argparse.ArgumentTypeError("the hands have no password: they listen on the loopback only")
    return host, int(port)


def _keys(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError):
        raise argparse.ArgumentTypeError("this is no file of keys") from None  # the cause could show one


def _settings(told: argparse.Namespace) -> dict[str, Any]:
    every = {
        name: getattr(told, name) for name in ("slots", "quirks", "auto_lock", "lockout", "travel", "beamed", "awake")
    }
    settings: dict[str, Any] = {
        "listen": told.listen,
        "state_file": told.state,
        "delay": told.delay,
        "rate": told.rate,
        "give_up": told.give_up,
        "collisions": not told.no_collisions,
        "segments": told.segments,
        "seed": told.seed,
        "keys": told.keys,
        "locks": [_lock(node, word) | every for node, word in enumerate(told.locks.split(","), start=2)],
    }
    settings.update(told.settings)
    return settings


def _lock(node: int, word: str) -> dict[str, str]:
    address, named, what = word.strip().rpartition("=")
    model, _, security = what.partition("+")
    return {
        "address": address.removeprefix("new") if named else str(node),
        "model": model,
        "security": security or Security.NONE,
    }


async def _serve(config: Config, control: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    clock = SystemClock(Trust(last_committed=None))
    chance = Random(config.seed)  # noqa: S311  # chances, not secrets
    simulator = Simulator(config, clock.now, Ledger(config.state_file), chance)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(simulator.run())
        where = await simulator.address()
        runner = await _offer(simulator, control)
        try:
            _say(where, runner, simulator)
            await stop.wait()
        finally:
            await runner.cleanup()
        serving.cancel()


async def _offer(simulator: Simulator, control: tuple[str, int]) -> web.AppRunner:
    runner = web.AppRunner(application(simulator), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, *control).start()
    return runner


def _say(where: str, runner: web.AppRunner, simulator: Simulator) -> None:
    host, port = runner.addresses[0][:2]
    told: dict[str, object] = {"serial": where, "control": f"http://{host}:{port}", "locks": dict(simulator.doors)}
    if where.startswith("socket://"):
        told["port"] = int(where.rpartition(":")[2])
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
