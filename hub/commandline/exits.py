"""What the exit code of a command means."""

from __future__ import annotations

from hub.errors import Disappointment, Misconfigured, Unavailable

WORDS = """\
Exit codes: 0 done; 1 the hub said no, found nothing of that name, or the input makes no sense;
2 wrong usage; 3 the hub is unavailable or its database damaged; 4 the configuration cannot work."""


def exit_code(error: Disappointment) -> int:
    match error:
        case Unavailable():
            return 3
        case Misconfigured():
            from hub.store.sqlite import Damaged

            return 3 if isinstance(error, Damaged) else 4
        case _:
            return 1
