"""`gatehouse stay import …`: past stays from a list that a platform or a spreadsheet wrote."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.saying import as_json, table
from hub.errors import Rejected

Pairs = list[str]

_ROWS = {"line": "LINE", "verdict": "", "why": "WHY", "cure": "CURE"}
_IMPORTS = {
    "id": "IMPORT",
    "file": "FILE",
    "made_at": "WHEN",
    "made_by": "BY",
    "state": "STATE",
    "new": "NEW",
    "changed": "CHANGED",
    "known": "KNOWN",
    "refused": "REFUSED",
}


def import_stays(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list as CSV, with headings.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    date_order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="day-first or month-first, for days like 03/04/2026.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="The unit of every row, where no column says it.")] = None,
    currency: Annotated[str, typer.Option(help="Of amounts beside which none stands, e.g. EUR.")] = "",
    column: Annotated[
        Pairs | None, typer.Option(metavar="WHAT=HEADING", help='What a column says, e.g. "guest=Booked by".')
    ] = None,
    call: Annotated[Pairs | None, typer.Option(metavar="NAME=UNIT", help="Which unit a name in the file is.")] = None,
    means: Annotated[
        Pairs | None,
        typer.Option(metavar="WORD=MEANING", help="Of a status: stayed, cancelled, no_show, none (no stay)."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Bring in stays that are over. The same file twice changes nothing; `undo-import` takes it back within 30 days."""
    from hub.commandline.asks_imports import StayImport

    told = answered(
        config,
        StayImport,
        name=file.name,
        content=base64.b64encode(_read(file)).decode(),
        dry_run=dry_run,
        dates=None if date_order is None else date_order.replace("-", "_"),
        unit=unit,
        currency=currency,
        column=_pairs("--column", column),
        call=_pairs("--call", call),
        means=_pairs("--means", means),
    )
    if json:
        as_json(told)
        return
    if told["rows"]:
        table(told["rows"], _ROWS, empty="")
    typer.echo(_in_words(told))


def list_imports(config: ConfigPath, json: AsJson = False) -> None:
    """Lists of the last 30 days, the latest first."""
    from hub.commandline.asks_imports import StayImports

    told = answered(config, StayImports)
    if json:
        as_json(told)
        return
    table(told, _IMPORTS, empty="Nobody brought in a list.")


def undo_import(
    config: ConfigPath,
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="Its id, from `gatehouse stay imports`.")],
    json: AsJson = False,
) -> None:
    """Take back what an import made and changed, but for what somebody has changed since."""
    from hub.commandline.asks_imports import StayImportUndo

    told = answered(config, StayImportUndo, id=import_id)
    if json:
        as_json(told)
        return
    kept = f" {told['kept']} changed since, and kept." if told["kept"] else ""
    typer.echo(f"Took back {told['undone']}.{kept}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}") from error


def _pairs(option: str, told: Pairs | None) -> dict[str, str]:
    """The name may have an equals sign in it; what it is, has none but where it is a heading."""
    found: dict[str, str] = {}
    for pair in told or ():
        name, sign, value = pair.partition("=") if option == "--column" else pair.rpartition("=")
        if not sign or not name.strip():
            raise Rejected(f"{option} needs two words with = between them, not “{pair}”")
        found[name.strip()] = value.strip()
    return found


def _in_words(told: dict[str, Any]) -> str:
    counts = f"{told['new']} new, {told['changed']} changed, {told['known']} known already, {told['refused']} refused"
    if told["state"] == "importing":
        return f"It goes on as soon as the hub knows the time; until then: {counts}."
    if told["state"] == "done":
        return f"Imported: {counts}. Undo it with: gatehouse stay undo-import {told['id']}"
    return f"Nothing was changed. There are {counts}."
