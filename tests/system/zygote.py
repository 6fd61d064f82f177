"""Starts hubs quickly, again and again: what `gatehouse run` imports is imported once, then this process forks.

Each line on stdin is `{"words": [...], "log": "file"}`: a child runs `gatehouse` with those words. Two lines on stdout for
each: its process id, and, when it has ended, its exit status (negative: the signal that ended it).
"""

import ctypes
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

from web.app import PAGES

USED = (
    "hub.commandline.journal", "hub.commandline.running", "hub.commands", "hub.config", "hub.running",
    "drivers.zwave", "integrations.ical", "integrations.partner", *(f"web.pages.{page}" for page in PAGES),
)  # fmt: skip
"""What the command imports only when it is given, as far as it takes time."""

_PR_SET_PDEATHSIG = 1  # Source: prctl(2)


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def be_the_hub(words: list[str], log: str) -> None:
    from hub.__main__ import main

    die_with_parent()
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    main(words)


def start(told: Any) -> None:
    child = os.fork()
    if child == 0:
        be_the_hub(told["words"], told["log"])
        sys.exit()
    say(child)
    _, status = os.waitpid(child, 0)
    say(os.waitstatus_to_exitcode(status))


def say(number: int) -> None:
    os.write(1, b"%d\n" % number)


if __name__ == "__main__":
    die_with_parent()
    for module in USED:
        import_module(module)
    for line in sys.stdin.buffer:
        start(json.loads(line))
