"""What may be asked about lists of past stays; hub/import_commands.py answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Base64Bytes, Field

from hub.commandline.asks import Ask


class StayImport(Ask):
    command = "stay import"
    patience = timedelta(minutes=10)

    name: Annotated[str, Field(max_length=200)]
    content: Base64Bytes = Field(repr=False)
    dry_run: bool = False
    dates: Literal["day_first", "month_first"] | None = None
    unit: str | None = None
    currency: Annotated[str, Field(max_length=3)] = ""
    column: dict[str, str] = Field(default_factory=dict)
    """What it says, by the heading that stands above it; an empty heading: no column says it."""
    call: dict[str, str] = Field(default_factory=dict)
    """A name in the file, and the unit that is meant."""
    means: dict[str, Literal["stayed", "cancelled", "no_show", "none"]] = Field(default_factory=dict)
    """A word of the column of statuses, and what it says."""


class StayImports(Ask):
    command = "stay imports"


class StayImportUndo(Ask):
    command = "stay undo-import"
    patience = timedelta(minutes=10)

    id: str
