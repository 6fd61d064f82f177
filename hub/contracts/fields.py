"""Somebody else's JSON, field by field: what a stay cannot do without must be right, and what is odd besides is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeVar

from hub.model.money import Money, money
from hub.model.price_lines import LONGEST, LineKind, PriceLine
from hub.model.values import clean

T = TypeVar("T")

_TIME: Final = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?(?::[0-5]\d)?")
_YEARS: Final = range(2000, 2200)
_OBJECT: Final = (dict, Mapping)
"""A dict, as nearly all are, is known at once."""


class Unreadable(ValueError):
    """What a stay cannot do without is missing or wrong. The text is a clause for a person."""


@dataclass(slots=True)
class Fields:
    """One object of an answer. A field inside another is named with full stops between: `guest.email`."""

    inside: Mapping[str, Any]
    odd: list[str] = field(default_factory=list)
    """Fields that were left out because nobody could tell what they say."""

    def there(self, path: str) -> Any:
        """What stands there; None where nothing does."""
        found: Any = self.inside
        for name in path.split("."):
            if not isinstance(found, _OBJECT):
                return None
            found = found.get(name)
        return found

    def inside_of(self, path: str) -> Fields:
        """The object that stands there; without any field where none does."""
        found = self.there(path)
        return Fields(found if isinstance(found, Mapping) else {}, self.odd)

    def each(self, path: str) -> list[Fields]:
        """The objects of a list; empty where there is none."""
        found = self.there(path)
        return [Fields(one, self.odd) for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    # ---- what may be missing ----

    def text(self, path: str, *, limit: int = 200) -> str:
        match self.there(path):
            case None:
                return ""
            case str() as found:
                return clean(found, limit=limit)
            case bool() | list() | Mapping():
                return self._odd(path, "")
            case found:
                return clean(str(found), limit=limit)

    def count(self, path: str) -> int | None:
        found = self.there(path)
        if found is None or found == "":
            return None
        try:
            number = int(str(found))
        except ValueError:
            return self._odd(path, None)
        return number if 0 <= number <= 999 and not isinstance(found, bool) else self._odd(path, None)

    def instant(self, path: str) -> datetime | None:
        """UTC; a time without a zone is taken for UTC."""
        found = self.text(path, limit=40)
        if not found:
            return None
        try:
            at = datetime.fromisoformat(found)
            at = at.replace(tzinfo=UTC) if at.utcoffset() is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            return self._odd(path, None)
        return at if at.year in _YEARS else self._odd(path, None)

    def hour(self, path: str) -> time | None:
        """A time of day as `15:00`, or as `15`."""
        found = self.text(path, limit=10)
        if not found:
            return None
        read = _TIME.fullmatch(found)
        return self._odd(path, None) if read is None else time(int(read[1]), int(read[2] or 0))

    def money(self, path: str, currency: str) -> Money | None:
        found = self.there(path)
        if found is None or found == "" or not currency:
            return None
        try:
            return money(found, currency)
        except ValueError:
            return self._odd(path, None)

    def minor(self, path: str) -> int | None:
        """An amount that is told in the smallest unit of its currency already."""
        found = self.there(path)
        if found is None:
            return None
        if not isinstance(found, int) or isinstance(found, bool) or abs(found) > 10**12:
            return self._odd(path, None)
        return found

    def lines(
        self, path: str, currency: str, kind: Callable[[Fields], LineKind | None], *, amount: str, label: str
    ) -> tuple[PriceLine, ...]:
        """What a price is made of.

        Args:
            kind: None: what is no item of the price, e.g. a payment.
        """
        items = [
            (kind(each), each.money(amount, currency), each.text(label, limit=LONGEST)) for each in self.each(path)
        ]
        return tuple(
            PriceLine(what, cost.minor, said) for what, cost, said in items if what is not None and cost is not None
        )

    def yes(self, path: str) -> bool:
        return self.there(path) in (True, 1, "1", "true")

    # ---- what may not ----

    def named(self, path: str) -> str:
        """Raises Unreadable."""
        found = self.text(path)
        if not found:
            raise Unreadable(f"its {path} is missing")
        return found

    def day(self, path: str) -> date:
        """A day as `2027-06-05`, whatever stands behind it. Raises Unreadable."""
        found = self.named(path)
        try:
            day = date.fromisoformat(found[:10])
        except ValueError as error:
            raise Unreadable(f"its {path} is no date") from error
        if day.year not in _YEARS:
            raise Unreadable(f"its {path} is in another age")
        return day

    def _odd(self, path: str, instead: T) -> T:
        self.odd.append(path)
        return instead


# ---- door codes in a note -------------------------------------------------------------------------------------------

_LINE: Final = re.compile(r"\n?Door code: [^\n]* \(by Gatehouse\)")


def with_code(note: str, code: str) -> str:
    """A note of the house's own with a line for the door code, in place of the one that it has."""
    rest = _LINE.sub("", note).strip("\n")
    return f"{rest}\nDoor code: {code} (by Gatehouse)".strip("\n") if code else rest


def without_codes(found: Any, hidden: Collection[str]) -> Any:
    """What a service tells, without the door codes that we put there: they are never kept as something that was told."""
    match found:
        case str():
            return _LINE.sub("", found)
        case list():
            return [without_codes(each, hidden) for each in found]
        case dict():
            return {name: without_codes(each, hidden) for name, each in found.items() if name not in hidden}
    return found
