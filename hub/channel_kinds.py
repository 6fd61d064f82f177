"""What kinds of channels can be added, and what each must be told: from a manifest its words, from its Config their limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hub.errors import Misconfigured
from hub.manifests import Manifest, SettingSaid, discover, integration_called
from hub.plugins import settings_model


class Shape(Enum):
    """How a setting is typed."""

    TEXT = "text"
    LONG = "long"
    """Of many lines."""
    YES = "yes"
    CHOICE = "choice"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    label: str
    hint: str
    shape: Shape
    secret: bool
    """Whoever has it can read what is behind it: it is never shown again."""
    needed: bool
    seldom: bool
    """Most people need not see it."""
    words: Mapping[str, str]
    """Of a choice: every value, and what people call it."""
    default: str
    """Of a choice, or `yes`; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    title: str
    summary: str
    account: bool
    """It tells of several units; which listing is which unit is said once it was read."""
    several: bool
    """It may tell of several units instead of one."""
    webhook: str
    """The topic under which it calls the hub; empty: it does not."""
    makes: str
    """The setting that names the calendar, where one can be made; empty: none can."""
    settings: tuple[Setting, ...]
    """Empty where nobody asked for them."""


_FIRST: Final = "ical"
"""What a manager needs most often stands first."""


def kinds() -> list[Kind]:
    """All there are, without their settings, so that none is imported."""
    found = [each for each in discover().values() if each.kind == "integration" and not each.service]
    return [_kind(each) for each in sorted(found, key=_order)]


def kind_called(name: str) -> Kind:
    """With its settings. Raises Misconfigured."""
    name = integration_called(name)
    manifest = discover().get(f"integration/{name}")
    if manifest is None or manifest.service:
        known = ", ".join(each.name for each in kinds())
        raise Misconfigured("integration", f"there is no kind of channel called “{name[:40]}”; there are: {known}")
    fields = settings_model("integration", name, "integration").model_fields
    said = {each.name: each for each in manifest.settings}
    asked = [*said, *(each for each in fields if each not in said)]
    settings = (_setting(said.get(each) or SettingSaid(each, each), fields[each]) for each in asked if each in fields)
    return replace(_kind(manifest), settings=tuple(each for each in settings if each.name not in FILLED_IN))


FILLED_IN: Final = frozenset({"timezone"})
"""What the hub knows of a unit and adds by itself."""


def _order(manifest: Manifest) -> tuple[bool, bool, str]:
    """The feed, then accounts where bookings are made, then the rest."""
    return manifest.name != _FIRST, not (manifest.account and manifest.webhook), manifest.title.lower()


def _kind(manifest: Manifest) -> Kind:
    told = (manifest.name, manifest.title, manifest.summary, manifest.account, manifest.several, manifest.webhook)
    return Kind(*told, manifest.makes, ())


def _setting(said: SettingSaid, field: FieldInfo) -> Setting:
    types, values = set(_types(field.annotation)), list(_values(field.annotation))
    default = field.default.value if isinstance(field.default, Enum) else field.default
    return Setting(
        name=said.name,
        label=said.label,
        hint=said.hint,
        shape=_shape(said, types, values),
        secret=SecretStr in types,
        needed=field.is_required(),
        seldom=said.seldom,
        words={value: said.words.get(value, value) for value in values},
        default="yes" if default is True else default if isinstance(default, str) else "",
    )


def _shape(said: SettingSaid, types: set[Any], values: list[str]) -> Shape:
    if values:
        return Shape.CHOICE
    if bool in types:
        return Shape.YES
    if types & {tuple, list}:
        return Shape.LIST
    return Shape.LONG if said.long else Shape.TEXT


def _types(annotation: Any) -> Iterator[Any]:
    """What a value may be, with unions and what is annotated taken apart."""
    origin = get_origin(annotation)
    if origin is None or origin in (tuple, list):
        yield origin or annotation
        return
    for inner in get_args(annotation):
        yield from _types(inner)


def _values(annotation: Any) -> Iterator[str]:
    """Of a closed set, each as it is written."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (str(each.value) for each in annotation)
    elif get_origin(annotation) is Literal:
        yield from (str(each) for each in get_args(annotation))
