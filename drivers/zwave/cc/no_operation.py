"""No Operation Command Class 0x00: does nothing, and is acknowledged. Source: ZW_classcmd.h, COMMAND_CLASS_NO_OPERATION.

The class has no commands: on the air it is one byte. It is sent and never read.
"""

from __future__ import annotations

CLASS = 0x00
NO_OPERATION = bytes((CLASS,))
