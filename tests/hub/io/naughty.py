"""Readers for the sandbox tests: what hostile bytes might make a reader do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from hub.errors import Garbled


def size(data: bytes) -> dict[str, int]:
    return {"size": len(data)}


def environment(data: bytes) -> list[str]:
    return sorted(os.environ)


def loaded(data: bytes) -> list[str]:
    import sys

    return sorted(sys.modules)


def refuse(data: bytes) -> None:
    raise Garbled("line 3 has no date", sample="DTSTART")


def fall(data: bytes) -> None:
    raise KeyError("Anna Beispiel")


def spin(data: bytes) -> None:
    while True:
        pass


def hoard(data: bytes) -> int:
    return len(bytearray(1024**3))


def babble(data: bytes) -> str:
    return "x" * (2 * 1024**2)


def wait(data: bytes) -> None:
    ours, _theirs = socket.socketpair()
    ours.recv(1)


def vanish(data: bytes) -> None:
    os._exit(0)


def leave_without_reading(data: bytes) -> None:
    os.close(1)
    os._exit(3)


def chat(data: bytes) -> None:
    os.write(1, b"[" * 100_000)
    os._exit(0)


def shrug(data: bytes) -> None:
    os.write(1, b'{"something": "else"}')
    os._exit(0)


def write_file(data: bytes) -> str:
    try:
        Path(data.decode()).write_bytes(b"x" * 10)
    except OSError as error:
        return type(error).__name__
    return "written"
