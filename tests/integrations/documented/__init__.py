"""What booking managers say to those who ask them, as their documents or public receivers of their messages show it.

The names and the kinds of values are theirs, the values are ours. Several in round brackets are alternatives: a field that is
also shown as null, or in another form. An error whose words nobody wrote down has no message here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_FORM: Final = re.compile(r"[-+]?[\d:. TZ+-]*\d[\d:. TZ+-]*")
_MOMENT: Final = re.compile(r"99(99-99|:99)")


@dataclass(frozen=True, slots=True)
class Message:
    call: str
    """`GET /v2/bookings/#`, where # stands for an id; or `webhook`."""
    told: Any
    source: str
    status: int = 200
    sent: Any = None
    """What goes there with it, as JSON; None: nothing, or no JSON."""


def beyond(told: Any, shown: Any, at: str = "") -> list[str]:
    """Where something is told that no source shows: a name, a kind of value, the form of a date or a time."""
    if isinstance(shown, tuple):
        return min((beyond(told, each, at) for each in shown), key=len)
    match told, shown:
        case dict(), dict():
            new = [f"{at}.{name}: nobody shows it" for name in told.keys() - shown.keys()]
            return new + [
                odd for name in told.keys() & shown.keys() for odd in beyond(told[name], shown[name], f"{at}.{name}")
            ]
        case list(), list():
            return (
                [odd for each in told for odd in beyond(each, tuple(shown), f"{at}[]")]
                if shown
                else [f"{at}[]"] * len(told)
            )
        case _ if _kind(told) == _kind(shown):
            return []
    return [f"{at}: {told!r} where sources show {shown!r}"]


def _kind(value: Any) -> str:
    match value:
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case str():
            form = re.sub(r"\.9+", ".9", re.sub(r"\d", "9", value))
            return form if _FORM.fullmatch(value) and _MOMENT.search(form) else "text"
    return type(value).__name__


def names(shown: Any, at: str = "") -> set[str]:
    """Every field of it, with full stops between: of a list's entries without a number."""
    match shown:
        case tuple() | list():
            return {name for each in shown for name in names(each, at)}
        case dict():
            return {at} | {name for key, each in shown.items() for name in names(each, f"{at}.{key}".lstrip("."))}
    return {at}


def plain(shown: Any) -> Any:
    """One message of it: of alternatives the first."""
    match shown:
        case tuple():
            return plain(shown[0])
        case list():
            return [plain(each) for each in shown]
        case dict():
            return {name: plain(each) for name, each in shown.items()}
    return shown
