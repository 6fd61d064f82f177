"""What a stay's price is made of: its lines, and what nobody itemised. They sum to the total, whatever was told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Final

from hub.model.money import Money, decimals, typed_amount

MOST: Final = 50
"""Lines of one price; what is beyond is not itemised."""
LONGEST: Final = 80
"""Letters of a label."""


class LineKind(Enum):
    ACCOMMODATION = "accommodation"
    CLEANING = "cleaning"
    SERVICE = "service"
    TAX = "tax"
    DISCOUNT = "discount"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One item, in the smallest unit of the stay's currency. What takes from the price is less than nothing."""

    kind: LineKind
    minor: int
    label: str = ""
    """As whoever sold it names it."""


@dataclass(frozen=True, slots=True)
class Price:
    """A total, and what is known of it."""

    total: Money | None
    lines: tuple[PriceLine, ...]

    @property
    def rest(self) -> int:
        """What the total holds and no line names; less than nothing where the lines say more. 0: all of it is itemised."""
        return 0 if self.total is None or not self.lines else self.total.minor - sum(line.minor for line in self.lines)


def price_of(total: Money | None, lines: Iterable[PriceLine], currency: str = "") -> Price:
    """As it is kept: lines of nothing left out. Without a total, the lines are the total."""
    told = [line for line in lines if line.minor]
    if total is None and told and currency:
        total = Money(sum(line.minor for line in told), currency)
    return Price(total, () if total is None else tuple(told[:MOST]))


def taking(line: PriceLine) -> PriceLine:
    """A discount is less than nothing, whichever sign whoever tells it gives it."""
    return replace(line, minor=-abs(line.minor)) if line.kind is LineKind.DISCOUNT else line


def in_words(price: Price) -> list[tuple[str, int]]:
    """Each line, and the rest, as people read them. They sum to the total."""
    said = [(_named(line), line.minor) for line in price.lines]
    return [*said, ("not itemised", price.rest)] if price.rest else said


def _named(line: PriceLine) -> str:
    kind = line.kind.value
    return kind if not line.label or line.label.casefold() == kind else f"{kind} ({line.label})"


_TYPED: Final = re.compile(
    r"(?:(?P<kind>[a-z]+):)?\s*(?:(?P<label>\S.*?)\s+)?(?P<minus>-?)(?P<amount>\d[\d.,]*)", re.IGNORECASE
)


def typed_lines(text: str, currency: str) -> tuple[PriceLine, ...]:
    """As people type them, one below the other: `Final cleaning 50.00`, `discount: Weekly -20`.

    Raises:
        ValueError: with the line, and what would be right.
    """
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    if len(rows) > MOST:
        raise ValueError(f"has at most {MOST} lines")
    return tuple(_typed(row, currency) for row in rows)


def _typed(row: str, currency: str) -> PriceLine:
    read = _TYPED.fullmatch(row)
    said, words = ("", "") if read is None else (read["kind"] or "", read["label"] or "")
    if read is None or not (said or words) or len(words) > LONGEST:
        raise ValueError(f"has lines like “Final cleaning 50.00”, unlike “{row[:LONGEST]}”")
    kind, label = _kind_and_label(said, words)
    try:
        cost = typed_amount(read["amount"], currency).minor
    except ValueError as error:
        raise ValueError(f"has a line whose amount {error}: “{row[:LONGEST]}”") from error
    return PriceLine(kind, -cost if read["minus"] else cost, label)


def _kind_and_label(said: str, label: str) -> tuple[LineKind, str]:
    known = {each.value: each for each in LineKind}
    if said and said.casefold() not in known:
        said, label = "", f"{said}: {label}".strip(": ")
    kind = known[said.casefold()] if said else kind_of(label)
    return kind, "" if label.casefold() == kind.value else label


def as_typed(lines: Iterable[PriceLine], currency: str) -> str:
    """What `typed_lines` reads."""
    places = decimals(currency)
    return "\n".join(
        f"{each.kind.value}: {each.label} {Decimal(each.minor).scaleb(-places):.{places}f}".replace(":  ", ": ")
        for each in lines
    )


def nameless(lines: Iterable[PriceLine]) -> tuple[PriceLine, ...]:
    """What was paid for, in nobody's words: a label may tell of the guest."""
    return tuple(replace(line, label="") for line in lines)


_WORDS: Final = (
    (LineKind.CLEANING, r"clean|reinigung|ménage|limpieza|pulizi"),
    (LineKind.DISCOUNT, r"discount|coupon|promotion|rabatt"),
    (LineKind.TAX, r"\b(?:tax|taxes|vat|gst|levy)\b|steuer|taxe\b"),
    (LineKind.ACCOMMODATION, r"accommodation|\b(?:rent|room|nightly|nights?|base|fare)\b"),
    (LineKind.SERVICE, r"\b(?:fees?|service|extras?|upsell)\b|surcharge"),
)
"""Short words count where they stand alone: a private taxi is no tax."""


def kind_of(*words: str) -> LineKind:
    """By the words of whoever sold it, the most telling first: “Cleaning fee” is cleaning."""
    for each in words:
        found = next((kind for kind, known in _WORDS if re.search(known, each.casefold())), None)
        if found is not None:
            return found
    return LineKind.OTHER


def packed(lines: Iterable[PriceLine]) -> str:
    """As a column keeps it; empty: there are none."""
    said = [[line.kind.value, line.minor, line.label] for line in lines]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


def unpacked(text: str) -> tuple[PriceLine, ...]:
    return tuple(PriceLine(LineKind(kind), minor, label) for kind, minor, label in json.loads(text)) if text else ()
