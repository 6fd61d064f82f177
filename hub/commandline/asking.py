"""From the words on the command line to an answer of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.errors import Rejected

USUAL_CONFIGS: Final = (Path("gatehouse.toml"), Path("/etc/gatehouse/gatehouse.toml"))


def _usual_config() -> Path:
    return next((path for path in USUAL_CONFIGS if path.exists()), USUAL_CONFIGS[0])


ConfigPath = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        envvar="GATEHOUSE_CONFIG",
        default_factory=_usual_config,
        show_default="./gatehouse.toml, else /etc/gatehouse/gatehouse.toml",
        help="The hub's configuration.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts: print JSON.")]


def answered(config: Path, kind: type[Any], /, **arguments: object) -> Any:
    """What the hub, or without one its database, answers. Raises a Disappointment."""
    from pydantic import ValidationError

    from hub.config import load, problems
    from hub.wire import ask

    try:
        question = kind(**{name: value for name, value in arguments.items() if value is not None})
    except ValidationError as error:
        found = problems(error, kind)
        raise Rejected("\n".join(f"--{key.partition('.')[0].replace('_', '-')} {why}" for key, why in found)) from None
    return asyncio.run(ask(load(config), question))


class Terminal:
    """What a command that a plugin brings is handed as its `Console`."""

    def ask(self, command: str, *, config: Path | None = None, **arguments: object) -> Any:
        from hub.commandline.asks import Ask

        kind = next(kind for kind in Ask.__subclasses__() if kind.command == command)
        return answered(_usual_config() if config is None else config, kind, **arguments)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
        from hub.commandline.saying import table

        table(rows, columns, empty=empty)
