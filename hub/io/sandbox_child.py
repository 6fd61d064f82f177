"""The child of hub.io.sandbox: `python -I sandbox_child.py module:function CPU_SECONDS MEMORY_BYTES`.

Bytes on stdin, JSON on stdout. A script and not a module to import, so that it starts with nothing but what it needs.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module, util
from pathlib import Path
from types import TracebackType
from typing import Any


def _confine(cpu_s: int, memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(nothing, (0, 0))


def _load_alone(work: str) -> Callable[[bytes], Any]:
    """Import a module without running the `__init__` of the packages around it, which would bring half the hub along."""
    module, _, function = work.partition(":")
    packages = module.split(".")[:-1]
    for depth in range(1, len(packages) + 1):
        name = ".".join(packages[:depth])
        spec = util.find_spec(name)
        if spec is not None and name not in sys.modules:
            sys.modules[name] = util.module_from_spec(spec)
    found: Callable[[bytes], Any] = getattr(import_module(module), function)
    return found


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode())
    sys.stdout.buffer.flush()


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Only the kind is told: the text of an exception may repeat what the bytes said about a guest."""
    _say({"failed": kind.__name__})


def main(work: str, cpu_s: str, memory_bytes: str) -> None:
    sys.excepthook = _failed
    _confine(int(cpu_s), int(memory_bytes))
    data = sys.stdin.buffer.read()
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.insert(0, root)

    from hub.errors import Garbled

    try:
        answer = {"answer": _load_alone(work)(data)}
    except Garbled as error:
        answer = {"garbled": str(error), "sample": error.sample}
    _say(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
