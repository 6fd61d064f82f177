"""Device Reset Locally Command Class 0x5A: somebody reset the node to its factory settings; it has left the network.

Source: ZW_classcmd.h, DEVICE_RESET_LOCALLY_NOTIFICATION.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare

CLASS = 0x5A


@dataclass(frozen=True, slots=True)
class Notification(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
