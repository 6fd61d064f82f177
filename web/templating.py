"""From view values to HTML: whole pages, or one named block of the same template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

from hub.model.people import called
from web.words import capitalize_first, counted, long_day

TEMPLATES = Path(__file__).parent / "templates"


class _Once(BytecodeCache):
    """A template is compiled once in a process, however many houses it shows: that takes half a second for a page."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None  # it was compiled just now
        self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Once()


class Templates:
    def __init__(self, asset: Callable[[str], str], folder: Path = TEMPLATES) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        self._environment.globals["asset"] = asset
        words = {"capitalize_first": capitalize_first, "counted": counted, "long_day": long_day}
        self._environment.filters |= {"called": called} | words

    def page(self, name: str, view: dict[str, Any]) -> str:
        return self._template(name).render(view)

    def block(self, name: str, block: str, view: dict[str, Any]) -> str:
        """One block of a template, as htmx fetches it again. Raises KeyError for a block the template does not have."""
        template = self._template(name)
        render = template.blocks[block]
        return "".join(render(template.new_context(view)))

    def _template(self, name: str) -> Template:
        """Compiled when it is first shown, and so are the components of all: a hub that nobody looks at needs none."""
        shared = self._environment.globals
        if "ui" not in shared:
            shared["ui"] = self._environment.get_template("components.html").module
        return self._environment.get_template(name)
