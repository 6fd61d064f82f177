"""Forms: what a person typed becomes a value, or one sentence per field that says how to put it right. Input is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from hub.model.values import clean

Model = TypeVar("Model", bound=BaseModel)


def _no_line_breaks(text: str) -> str:
    return clean(text, limit=len(text) + 1)


Line = Annotated[str, AfterValidator(_no_line_breaks)]
"""Of a field that is one line."""

DIGITS = "^[0-9]{4,10}$"
"""Of a code that somebody types."""
WHOLE = ""
"""The key of an error that concerns no single field."""


class Form(BaseModel):
    """A form's fields; a field's `title` is what people call it. Empty fields count as not given."""

    model_config = ConfigDict(
        extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True, frozen=True, defer_build=True
    )


@dataclass(frozen=True, slots=True)
class Filled(Generic[Model]):
    """A form as it goes back to the page, and the value if it is right."""

    input: Mapping[str, str] = field(repr=False)
    errors: Mapping[str, str]
    value: Model | None

    def refused(self, sentence: str, name: str = WHOLE) -> Filled[Model]:
        """The same form, refused for a reason that only the hub knows."""
        return Filled(self.input, {name: sentence[:1].upper() + sentence[1:]}, None)


def blank(model: type[Model], **known: str) -> Filled[Model]:
    """A form that nobody has filled in yet, with what is known beforehand."""
    return Filled(known, {}, None)


def read(model: type[Model], posted: Mapping[str, Any], **lists: list[str]) -> Filled[Model]:
    """Parse what was posted. `lists` are the fields that may be ticked more than once."""
    typed = {name: value for name, value in posted.items() if isinstance(value, str)}
    given: dict[str, Any] = {name: value for name, value in typed.items() if value.strip()} | lists
    typed |= {name: " ".join(ticked) for name, ticked in lists.items()}
    try:
        return Filled(typed, {}, model.model_validate(given))
    except ValidationError as error:
        return Filled(typed, _sentences(error, model), None)


def _sentences(error: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for details in error.errors(include_url=False, include_input=False):
        name = str(details["loc"][0]) if details["loc"] else WHOLE
        found.setdefault(
            name, _sentence(details["type"], details.get("ctx", {}), str(details["msg"]), _title(model, name))
        )
    return found


def _title(model: type[BaseModel], name: str) -> str:
    described = model.model_fields.get(name)
    return (described.title if described is not None else None) or name.replace("_", " ").capitalize()


def _sentence(kind: str, context: Mapping[str, Any], message: str, title: str) -> str:
    match kind:
        case "value_error":
            return str(context["error"])
        case "missing" | "too_short":
            return f"{title} is needed."
        case "string_too_long":
            return f"{title} can have {context['max_length']} characters at most."
        case "string_too_short":
            return f"{title} needs at least {context['min_length']} characters."
        case "date_from_datetime_parsing" | "date_parsing" | "date_from_datetime_inexact":
            return f"{title}: write the day like 2026-11-21."
        case "time_parsing":
            return f"{title}: write the time like 15:00."
        case "int_parsing":
            return f"{title}: write a whole number."
        case "string_pattern_mismatch" if context["pattern"] == DIGITS:
            return f"{title}: write 4 to 10 digits."
        case "literal_error" | "enum":
            return f"{title}: choose one of those offered."
    return f"{title}: {message}."
