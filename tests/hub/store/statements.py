"""Every statement of the store that is made once, when it is imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update

from hub import store as store_package
from hub.store import doors
from hub.store.prepared import Prepared
from hub.store.tables import lock_state

Statement = Select[Any] | Insert | Update | Delete


def modules() -> Iterator[ModuleType]:
    for module in sorted(Path(store_package.__path__[0]).glob("*.py")):
        if not module.stem.startswith(("__", "sqlite", "postgres", "migrat")):
            yield import_module(f"hub.store.{module.stem}")


def statements(module: ModuleType) -> Iterator[tuple[str, Prepared[Any] | Statement]]:
    """Those that are made once, when the store is imported; of one module."""
    for name, value in vars(module).items():
        several = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        for number, each in enumerate(several):
            if isinstance(each, Prepared | Statement):
                yield f"{module.__name__}.{name}.{number}", each
    if module is doors:  # whatever was learnt of a lock, by column
        for column in set(lock_state.c.keys()) - set(lock_state.primary_key.columns.keys()):
            yield f"{module.__name__}.learn.{column}", doors._learning(frozenset([column]))
