"""What is measured, beside what it is compared with, and whether that is good enough."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, assert_never


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the value itself, or on its ratio to the reference."""

    of: Literal["value", "ratio"]
    bound: Literal["at least", "at most"]
    limit: float

    def met(self, value: float, ratio: float) -> bool:
        measured = value if self.of == "value" else ratio
        match self.bound:
            case "at least":
                return measured >= self.limit
            case "at most":
                return measured <= self.limit
            case never:
                assert_never(never)

    def words(self, unit: str) -> str:
        limit = f"{self.limit:g} x" if self.of == "ratio" else f"{self.limit:g} {unit}"
        return f"{self.bound} {limit}"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: float
    unit: str
    reference: float
    """In the same unit, measured in the same run."""
    goal: Goal

    @property
    def ratio(self) -> float:
        return self.value / self.reference

    @property
    def met(self) -> bool:
        return self.goal.met(self.value, self.ratio)

    def told(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "reference": rounded(self.reference),
            "ratio": rounded(self.ratio),
            "goal": self.goal.words(self.unit),
            "met": self.met,
        }


def of_rounds(name: str, unit: str, rounds: Sequence[tuple[float, float]], goal: Goal) -> Row:
    """`rounds`: value and reference, side by side; the median of each counts."""
    values, references = zip(*rounds, strict=True)
    return Row(name, statistics.median(values), unit, statistics.median(references), goal)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many per cent of all do not exceed (nearest rank)."""
    rank = max(math.ceil(len(samples) * percent / 100), 1)
    return sorted(samples)[rank - 1]


def rounded(number: float) -> float:
    """To three figures that count; whole above a thousand."""
    if number == 0 or abs(number) >= 1000:
        return float(round(number))
    return float(f"{number:.3g}")


def table(rows: Sequence[Row]) -> str:
    head = ("", "measured", "reference", "ratio", "goal", "")
    body = [
        (
            row.name,
            f"{rounded(row.value):g} {row.unit}",
            f"{rounded(row.reference):g} {row.unit}",
            f"{row.ratio:.2f}",
            row.goal.words(row.unit),
            "met" if row.met else "MISSED",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *body))
    return "\n".join(line.rstrip() for line in lines)
