"""What import-linter cannot see: what the pure rooms take from the standard library, and where broad handlers stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("hub", "drivers", "integrations", "web")
IMPURE = {
    "asyncio",
    "socket",
    "threading",
    "subprocess",
    "time",
    "random",
    "secrets",
    "os",
    "sqlite3",
    "aiohttp",
    "sqlalchemy",
}


def _modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in file.parts:
                yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def _imports(module: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_model_touches_no_world() -> None:
    touching = {name: _imports(module) & IMPURE for name, module in _modules("hub/model")}
    assert {name: found for name, found in touching.items() if found} == {}


def test_the_serial_link_knows_no_asyncio() -> None:
    pure = ("frame.py", "link.py", "functions.py", "interview.py")
    found = {name for name, module in _modules("drivers/zwave") if name.endswith(pure) or "/cc/" in name
             if _imports(module) & IMPURE}  # fmt: skip
    assert found == set()


def _broad(module: ast.Module) -> bool:
    def names(kind: ast.expr | None) -> set[str]:
        if kind is None:
            return {"everything"}
        parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
        return {part.id for part in parts if isinstance(part, ast.Name)}

    handlers = (node for node in ast.walk(module) if isinstance(node, ast.ExceptHandler))
    swallowing = (
        node for node in handlers if not any(isinstance(each, ast.Raise) and each.exc is None for each in node.body)
    )
    return any(names(node.type) & {"everything", "Exception", "BaseException"} for node in swallowing)


def test_everything_is_caught_in_five_places_only() -> None:
    """Plugin keeper, per-lock worker, outbox worker, inbox worker, web error page (design.md §5).

    Beside them the store hands a work's exception to the one who waits for it, and a child of the sandbox reports its own.
    """
    allowed = {
        "hub/plugins.py",
        "hub/reconcile.py",
        "hub/outbox.py",
        "hub/inbox.py",
        "web/shield.py",
        "web/api/answering.py",
        "hub/store/engine.py",
        "hub/io/sandbox_child.py",
    }
    assert {name for name, module in _modules(*ROOMS) if _broad(module)} - allowed == set()
