"""`gatehouse feed`: shows what a feed is understood to say, without storing anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from hub.errors import Disappointment, Garbled
from hub.io.clock import SystemClock, Trust
from hub.io.sandbox import ChildSandbox
from hub.model.facts import StayReport
from hub.model.stays import local_instant
from hub.model.values import StayStatus
from integrations.ical import calendar, lines
from integrations.ical.channels import Source

app = typer.Typer(
    help="Show what a calendar feed is understood to say, without storing anything.",
    subcommand_metavar="",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"allow_interspersed_args": True},
)

_COLUMNS: Final = ("kind", "status", "arrival", "departure", "guest", "reference", "phone_last4", "note")


@app.callback(invoke_without_command=True)
def feed(
    source: Annotated[str, typer.Argument(metavar="FILE-or-URL", help="A calendar file, or the address of a feed.")],
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="The property's time zone.")],
    channel: Annotated[Source, typer.Option(help="Who made the feed.")] = Source.AUTO,
    check_in: Annotated[str, typer.Option(metavar="HH:MM", help="The house's.")] = "15:00",
    check_out: Annotated[str, typer.Option(metavar="HH:MM", help="The house's.")] = "11:00",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what a calendar feed is understood to say, without storing anything."""
    zone, times = _zone(timezone), (_time(check_in, "--check-in"), _time(check_out, "--check-out"))
    try:
        found = asyncio.run(_understand(source, zone, channel))
    except Disappointment as error:
        typer.echo(f"The feed cannot be read: {error}", err=True)
        raise typer.Exit(1) from error
    rows = [_row(stay, zone, *times) for stay in found]
    typer.echo(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else _table(rows))


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        why = f"{text!r} is no time zone; write one such as Europe/Berlin"
        raise typer.BadParameter(why, param_hint="--timezone") from error


def _time(text: str, option: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  # a time of day has no zone
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time of day; write one such as 15:00", param_hint=option) from error


async def _understand(source: str, zone: ZoneInfo, channel: Source) -> Sequence[StayReport]:
    from integrations.ical.feed import stays

    body = await _fetched(source) if "://" in source else _opened(source)
    packed = calendar.pack(body, zone=zone.key, source=channel, now=SystemClock(Trust(last_committed=None)).now())
    return await stays(ChildSandbox(), packed)


async def _fetched(address: str) -> bytes:
    from hub.io.http import Request, accepted, send
    from integrations.ical.feed import feed_address

    request = Request(feed_address(address), headers={"Accept": "text/calendar, */*;q=0.1"}, setting="the address")
    return accepted(await send(request)).body


def _opened(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(lines.MOST_BYTES + 1)
    except OSError as error:
        raise Garbled(f"{path}: {(error.strerror or 'it cannot be opened').lower()}") from error


def _row(stay: StayReport, zone: ZoneInfo, check_in: time, check_out: time) -> dict[str, str | None]:
    begins, ends = stay.check_in, stay.check_out
    if stay.arrival and stay.departure and stay.status is not StayStatus.UNUSABLE:
        begins = begins or local_instant(stay.arrival, check_in, zone, latest=False)
        ends = ends or local_instant(stay.departure, check_out, zone, latest=True)
    return {
        "kind": stay.kind.value,
        "status": stay.status.value,
        "arrival": stay.arrival.isoformat() if stay.arrival else None,
        "departure": stay.departure.isoformat() if stay.departure else None,
        "check_in": _utc(begins),
        "check_out": _utc(ends),
        "guest": stay.guest,
        "reference": stay.reference,
        "phone_last4": stay.phone_last4,
        "uid": stay.uid,
        "note": stay.note,
    }


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _table(rows: Sequence[dict[str, str | None]]) -> str:
    if not rows:
        return "The feed is a whole calendar and has no events."
    cells = [list(_COLUMNS), *([row[name] or "" for name in _COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
