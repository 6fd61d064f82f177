"""What the QR code on a device says.

Source: Node Provisioning QR Code Format (zwave-js/specs, SmartStart Specifications) and the Information Type Registry beside
it: "90", version, checksum, requested keys, DSK, then blocks of type, length and value, all in decimal digits.
"""

from __future__ import annotations

import hashlib

from drivers.simulator.controller import LOCK_CLASS
from drivers.simulator.locks import SimLock
from drivers.simulator.security.keys import mask
from drivers.simulator.settings import Security

_SMART_START = 1
_S2_ONLY = 0
_PRODUCT_TYPE = 0x00
_PRODUCT_ID = 0x02
"""Types with their critical bit, which neither has."""
_DOOR_LOCK_KEYPAD = 0x0300


def qr_text(lock: SimLock) -> str:
    """Empty: a lock without S2 has none."""
    model, settings = lock.model, lock.settings
    if settings.security is not Security.S2:
        return ""
    kind = int.from_bytes(LOCK_CLASS[1:], "big")
    version = model.firmware[0] << 8 | model.firmware[1]
    product = (model.manufacturer, model.product_type, model.product_id, version)
    content = (
        f"{mask(settings.wanted):03}{settings.label.dsk.replace('-', '')}"
        f"{_PRODUCT_TYPE:02}10{kind:05}{_DOOR_LOCK_KEYPAD:05}"
        f"{_PRODUCT_ID:02}20{''.join(f'{each:05}' for each in product)}"
    )
    # The format's own check against misreading; nothing rests on its strength.
    check = int.from_bytes(hashlib.sha1(content.encode(), usedforsecurity=False).digest()[:2], "big")
    return f"90{_SMART_START if settings.smart_start else _S2_ONLY:02}{check:05}{content}"
