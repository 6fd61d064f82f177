"""What nodes ask of us, and what they are told."""

from __future__ import annotations

from datetime import datetime

from drivers.zwave.cc import clock, time, time_parameters, zwaveplus_info
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.time import Offset

OURSELVES = zwaveplus_info.Report(
    version=1,
    role=zwaveplus_info.CENTRAL_STATIC_CONTROLLER,
    node_type=0,
    installer_icon=zwaveplus_info.GATEWAY_ICON,
    user_icon=zwaveplus_info.GATEWAY_ICON,
)


def answer(command: Command, now: datetime | None) -> Command | None:
    """The report that answers a question; None: it is no question, or not one for us.

    Args:
        now: UTC. None: nobody here knows what time it is, and a lock that is told nothing keeps its own.

    The local time of locks is UTC here: it has no summer time, and one time for all is what their schedules are written in.
    """
    if isinstance(command, zwaveplus_info.Get):
        return OURSELVES
    if now is None:
        return None
    match command:
        case time.TimeGet():
            return time.TimeReport(now.hour, now.minute, now.second)
        case time.DateGet():
            return time.DateReport(now.date())
        case time.TimeOffsetGet():
            return time.TimeOffsetReport(Offset())
        case time_parameters.Get():
            return time_parameters.Report(now.replace(microsecond=0))
        case clock.Get():
            return clock.Report(now.weekday(), now.hour, now.minute)
        case _:
            return None
