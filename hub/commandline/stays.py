"""`gatehouse stay …`: bookings that come by telephone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hub.commandline.asking import AsJson, ConfigPath, answered
from hub.commandline.channels import sync_stay
from hub.commandline.holds import confirm_hold, hold_nights, let_hold_go
from hub.commandline.messages import StayArgument, list_messages, tell_guest, write_message
from hub.commandline.saying import as_json, table
from hub.commandline.stay_groups import cancel_group, move_group, restore_group, show_group
from hub.commandline.stay_imports import import_stays, list_imports, undo_import

stay = typer.Typer(
    no_args_is_help=True,
    help="Bookings that come by telephone: list, add, change, cancel, restore, stages, write to guests; past stays from a list.",
)
stay.command("group")(show_group)
stay.command("group-move")(move_group)
stay.command("group-cancel")(cancel_group)
stay.command("group-restore")(restore_group)
stay.command("hold")(hold_nights)
stay.command("hold-confirm")(confirm_hold)
stay.command("hold-let-go")(let_hold_go)
stay.command("import")(import_stays)
stay.command("imports")(list_imports)
stay.command("undo-import")(undo_import)
stay.command("message")(write_message)
stay.command("messages")(list_messages)
stay.command("tell")(tell_guest)
stay.command("sync")(sync_stay)

CheckIn = Annotated[str | None, typer.Option(metavar="HH:MM", help="Another time than the house rules'.")]
CheckOut = Annotated[str | None, typer.Option(metavar="HH:MM", help="Another time than the house rules'.")]
Price = Annotated[str, typer.Option(metavar="AMOUNT", help="What the guest pays for the whole stay, e.g. 450.50.")]
Currency = Annotated[
    str, typer.Option(metavar="CODE", help="Of the price, e.g. EUR; else that of the price said last.")
]
PriceLines = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ITEM AMOUNT",
        help="What it is made of, e.g. “Final cleaning 50”, “tax: City tax 12.30”; once for each. Without --price their sum.",
    ),
]
NoPrice = Annotated[bool, typer.Option("--no-price", help="Take its price away.")]
Guests = Annotated[int | None, typer.Option(min=1, help="How many come, children among them.")]
Children = Annotated[int | None, typer.Option(min=0, help="How many of those.")]
Infants = Annotated[int | None, typer.Option(min=0, help="Besides.")]
Pets = Annotated[int | None, typer.Option(min=0, help="How many.")]
Uncounted = Annotated[
    list[str] | None,
    typer.Option(metavar="WHICH", help="Nobody says any more how many: guests, children, infants or pets. Repeatable."),
]
Requests = Annotated[str | None, typer.Option(help="What the guest asked for when booking.")]
Company = Annotated[str | None, typer.Option(help="Of the guest.")]
Purpose = Annotated[str | None, typer.Option(help="Of the journey, e.g. business.")]
Country = Annotated[str | None, typer.Option(help="Where the guest comes from.")]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="In spite of the house's own rules; never of others who stay there.")
]


@stay.command("list")
def list_stays(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    unit: Annotated[str | None, typer.Option(help="Only of this unit.")] = None,
    past: Annotated[bool, typer.Option("--past", help="Also what is over.")] = False,
    text: Annotated[
        str, typer.Option(help="Found in guest, reference, note, the unit's name, or a telephone number.")
    ] = "",
    kind: Annotated[str | None, typer.Option(help="reservation, owner, block, unknown or hold.")] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Only with this night or a later one.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Only with this night or an earlier one.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Holds, and stays that are not over, soonest first."""
    from hub.commandline.asks import Stays

    told = answered(config, Stays, unit=unit, past=past, text=text, kind=kind, first=first, last=last)
    if json:
        as_json(told)
        return
    columns = {
        "id": "STAY",
        "unit": "UNIT",
        "kind": "KIND",
        "who": "GUEST",
        "status": "STATUS",
        "check_in": "FROM",
        "check_out": "UNTIL",
        "expires_at": "HELD UNTIL",
    }
    if not any(row["expires_at"] for row in told):
        del columns["expires_at"]
    table([{**row, "who": _who(row)} for row in told], columns, empty="There are no stays.")


@stay.command("add")
def add_stay(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    unit: Annotated[str, typer.Option(help="The unit's id.")],
    arrival: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of arrival.")],
    departure: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day of leaving.")],
    guest: Annotated[str, typer.Option(help="The guest's name.")],
    phone: Annotated[str, typer.Option(help="Kept sealed.")] = "",
    email: Annotated[str, typer.Option(help="Kept sealed.")] = "",
    note: Annotated[str, typer.Option(help="Shown on the stay's page.")] = "",
    check_in: CheckIn = None,
    check_out: CheckOut = None,
    owner: Annotated[
        bool, typer.Option("--owner", help="The owner's own: a code like guests, but nobody's guest.")
    ] = False,
    awaits_payment: Annotated[
        bool,
        typer.Option(
            "--awaits-payment", help="Not confirmed: its nights are kept for 24 hours, and it gets no code yet."
        ),
    ] = False,
    guests: Guests = None,
    children: Children = None,
    infants: Infants = None,
    pets: Pets = None,
    special_requests: Requests = None,
    company: Company = None,
    purpose: Purpose = None,
    country: Country = None,
    price: Price = "",
    currency: Currency = "",
    line: PriceLines = None,
    reference: Annotated[str, typer.Option(help="Stays that have it in common are one booking.")] = "",
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="UNIT=GUESTS",
            help="A further unit of the same party, and how many come there; once for each. All are booked, or none.",
        ),
    ] = None,
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """Add a booking. Its code is drawn at once and reaches the doors in time."""
    said = _said(locals())
    from hub.commandline.asks_stays import StayAdd

    told = answered(config, StayAdd, **said)
    _say(told, "Added", json=json)
    if also and not json:
        typer.echo(f"With it {len(also)} more, by the reference {told['reference']}: gatehouse stay group {told['id']}")


@stay.command("extend")
def extend_stay(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    stay_id: StayArgument,
    departure: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Another day of leaving.")] = None,
    check_in: CheckIn = None,
    check_out: CheckOut = None,
    price: Price = "",
    currency: Currency = "",
    line: PriceLines = None,
    no_price: NoPrice = False,
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """Give a stay another departure, an early check-in, a late check-out or another price. Its code stays the same."""
    said = _said(locals())
    from hub.commandline.asks_stays import StayExtend

    told = answered(config, StayExtend, **said)
    _say(told, "Changed", json=json)


@stay.command("change")
def change_stay(  # noqa: PLR0913, PLR0917  # each is an option of the command
    config: ConfigPath,
    stay_id: StayArgument,
    arrival: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Another day of arrival.")] = None,
    departure: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Another day of leaving.")] = None,
    check_in: CheckIn = None,
    check_out: CheckOut = None,
    guest: Annotated[str | None, typer.Option(help="Another name.")] = None,
    phone: Annotated[str | None, typer.Option(help="Kept sealed; empty takes it away.")] = None,
    email: Annotated[str | None, typer.Option(help="Kept sealed; empty takes it away.")] = None,
    note: Annotated[str | None, typer.Option(help="Shown on the stay's page; empty takes it away.")] = None,
    guests: Guests = None,
    children: Children = None,
    infants: Infants = None,
    pets: Pets = None,
    special_requests: Requests = None,
    company: Company = None,
    purpose: Purpose = None,
    country: Country = None,
    reference: Annotated[str | None, typer.Option(help="Stays that have it in common are one booking.")] = None,
    uncounted: Uncounted = None,
    price: Price = "",
    currency: Currency = "",
    line: PriceLines = None,
    no_price: NoPrice = False,
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """Say anew what was wrong or became otherwise. Of a channel's stay: the end, the hours and who the guest is."""
    said = _said(locals())
    from hub.commandline.asks_stays import StayChanged

    told = answered(config, StayChanged, **said)
    _say(told, "Changed", json=json)


@stay.command("cancel")
def cancel_stay(
    config: ConfigPath,
    stay_id: StayArgument,
    in_full: Annotated[
        bool, typer.Option("--in-full", help="All of its price is to be given back, whatever the house's rules say.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Cancel a stay. Its codes leave the locks at once; what is to be given back stands on page Today."""
    from hub.commandline.asks import StayCancel

    _say(answered(config, StayCancel, stay=stay_id, in_full=in_full), "Cancelled", json=json)


@stay.command("restore")
def restore_stay(config: ConfigPath, stay_id: StayArgument, anyway: Anyway = False, json: AsJson = False) -> None:
    """Take a cancellation back, where the nights are still free. It gets a code again."""
    from hub.commandline.asks_stays import StayRestore

    _say(answered(config, StayRestore, stay=stay_id, anyway=anyway), "Restored", json=json)


@stay.command("stage")
def say_stage(
    config: ConfigPath,
    stay_id: StayArgument,
    stage: Annotated[
        str | None, typer.Argument(metavar="STAGE", help="Left out: where it stands, and what it may become.")
    ] = None,
    why: Annotated[str, typer.Option(help="Kept with the stay, in a few words.")] = "",
    anyway: Anyway = False,
    json: AsJson = False,
) -> None:
    """Say where a stay stands: confirmed, checked_in, checked_out, no_show, cancelled, refunded.

    Checked out before its end, its code ends and its other nights are free; checked in takes that back.
    """
    from hub.commandline.asks_stays import StayStage

    told = answered(config, StayStage, stay=stay_id, stage=stage, why=why, anyway=anyway)
    if json:
        as_json(told)
        return
    table(told["history"], {"at": "WHEN", "stage": "STAGE", "by": "BY", "why": "WHY"}, empty="")
    becomes = " or ".join(told["may_become"]) or "nothing that a person says"
    typer.echo(f"It is {told['stage']}, and may become {becomes}.")


@stay.command("redraw")
def redraw_code(config: ConfigPath, stay_id: StayArgument, json: AsJson = False) -> None:
    """Give a stay another code on every door, when somebody else learnt it. The old one leaves the locks at once."""
    from hub.commandline.asks import StayRedraw

    _say(answered(config, StayRedraw, stay=stay_id), "Drew another code for", json=json)


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a command as the hub calls them."""
    names = {"stay_id": "stay", "no_price": "unpriced"}
    return {names.get(name, name): said for name, said in options.items() if name not in ("config", "json")}


def _who(row: Mapping[str, Any]) -> str:
    """Many channels name nobody; their reference is what the guest and the channel know the stay by."""
    return str(row["guest"] or row["reference"] or "-")


def _say(told: dict[str, Any], verb: str, *, json: bool) -> None:
    if json:
        as_json(told)
        return
    when = f"{told['check_in']} to {told['check_out']}"
    price = f", {told['price']}" if told["price"] else ""
    typer.echo(f"{verb} {told['id']}: {_who(told)} in {told['unit']}, {when}{price}.")
