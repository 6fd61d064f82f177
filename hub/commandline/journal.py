"""How the hub's log looks: one line for each event, with its level where journald looks for it."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

_PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
# Source: sd-daemon(3), "SD_DEBUG … SD_EMERG".


def set_up(level: str) -> None:
    """Times are left to journald. Tracebacks are plain: a rich one shows local variables, and those may be secrets."""
    on_terminal = sys.stderr.isatty()
    render = structlog.dev.ConsoleRenderer(
        colors=on_terminal, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[structlog.processors.add_log_level, render if on_terminal else _Marked(render)],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


class _Marked:
    """Puts `<4>` before a warning, and so on. Source: sd-daemon(3)."""

    def __init__(self, render: structlog.dev.ConsoleRenderer) -> None:
        self._render = render

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        priority = _PRIORITIES[event.pop("level")]
        return f"<{priority}>{self._render(logger, name, event)}"
