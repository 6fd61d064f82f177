"""User Code Command Class, versions 1 and 2 (ZWA AWG 2024A §2.2.116 and §2.2.117)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from drivers.simulator.locks import SimLock, Verdict
from drivers.simulator.memory import By, Code
from drivers.simulator.quirks import Empty
from drivers.simulator.settings import Security

NO_SUCH_SLOT: Final = 0xFE
STATUSES: Final = (0, 1, 2)
KEYPAD_MODES: Final = (0, 1)
"""Normal and vacation (Table 2.531)."""
FRAME_MOST: Final = 48


def mask(values: Iterable[int]) -> bytes:
    """A bit mask as short as it can be, lowest value in the lowest bit of the first byte."""
    bits = sum(1 << value for value in values)
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def obey(lock: SimLock, command: list[int]) -> bool | None:
    """True: done. False: understood and not done. None: no such command in this version."""
    match command:
        case [0x01, slot, status, *digits]:
            return _set(lock, slot, status, bytes(digits), most=0xFF)
        case [0x02, slot, *_]:
            lock.answer(0x63, 0x03, _report(lock, slot))
            return True
        case [0x04, *_]:
            count = lock.settings.slot_count
            extended = count.to_bytes(2, "big") if lock.settings.user_code_version > 1 else b""
            lock.answer(0x63, 0x05, min(count, 0xFF), extended)
            return True
    return _obey_v2(lock, command) if lock.settings.user_code_version > 1 else None


def _obey_v2(lock: SimLock, command: list[int]) -> bool | None:
    match command:
        case [0x06, *_]:
            statuses, modes, keys = mask(STATUSES), mask(KEYPAD_MODES), mask(range(0x30, 0x3A))
            # No admin code; checksum, several codes in a report and several in a set.
            lock.answer(0x63, 0x07, len(statuses), statuses, 0xE0 | len(modes), modes, len(keys), keys)
        case [0x08, mode, *_]:
            if mode not in KEYPAD_MODES:
                return False
            lock.set_keypad_mode(mode)
        case [0x09, *_]:
            lock.answer(0x63, 0x0A, lock.memory.keypad_mode)
        case [0x0B, count, *blocks]:
            done = [_set(lock, slot, status, digits) for slot, status, digits in _blocks(count, bytes(blocks))]
            return bool(done) and all(done)
        case [0x0C, high, low, *more]:
            lock.answer(0x63, 0x0D, _extended_report(lock, high << 8 | low, many=bool(more and more[0] & 0x01)))
        case [0x0E, *_]:
            return False
        case [0x0F, *_]:
            lock.answer(0x63, 0x10, 0x00)
        case [0x11, *_]:
            lock.answer(0x63, 0x12, checksum(lock.memory.codes).to_bytes(2, "big"))
        case _:
            return None
    return True


def _blocks(count: int, data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The whole blocks of an Extended User Code Set; what is cut off is not there."""
    for _ in range(count):
        if len(data) < 4 or len(data) < 4 + (data[3] & 0x0F):
            return
        end = 4 + (data[3] & 0x0F)
        yield int.from_bytes(data[:2], "big"), data[2], data[4:end]
        data = data[end:]


def _set(lock: SimLock, slot: int, status: int, digits: bytes, *, most: int | None = None) -> bool:
    if status not in STATUSES:
        return False
    if status == 0:
        if slot == 0:
            lock.erase_all(By.RADIO, most=most)
            return True
        return lock.erase(slot, By.RADIO) is Verdict.STORED
    return lock.store(slot, Code(status, digits.decode("ascii", "replace")), By.RADIO) is Verdict.STORED


def _report(lock: SimLock, slot: int) -> bytes:
    code = lock.memory.codes.get(slot)
    if code is not None:
        return bytes([slot, code.status]) + lock.shown(code)
    if not lock.has_slot(slot):
        return bytes([slot, NO_SUCH_SLOT]) + bytes(4)
    held = {Empty.ZEROS: bytes(4), Empty.NOTHING: b"", Empty.DIGITS: b"0000", Empty.MASKED: b"****"}
    return bytes([slot, 0x00]) + held[lock.quirks.empty]


def _extended_report(lock: SimLock, slot: int, *, many: bool) -> bytes:
    """§2.2.117.14: the slot asked for, then as many occupied ones as fit, then the next occupied one or 0."""
    if not 1 <= slot <= lock.settings.slot_count:
        return bytes([1]) + slot.to_bytes(2, "big") + bytes([NO_SUCH_SLOT, 0, 0, 0])
    following = sorted(each for each in lock.memory.codes if slot < each <= lock.settings.slot_count)
    blocks, told = [_block(lock, slot)], 0
    for each in following if many else ():
        block = _block(lock, each)
        if len(b"".join([*blocks, block])) + 5 > _room(lock):
            break
        blocks.append(block)
        told += 1
    rest = following[told:]
    return bytes([len(blocks)]) + b"".join(blocks) + (rest[0] if rest else 0).to_bytes(2, "big")


def _room(lock: SimLock) -> int:
    """S2 takes 12 bytes of the frame; S0, which takes more, has a second frame for the rest."""
    return FRAME_MOST - 12 if lock.settings.security is Security.S2 else FRAME_MOST


def _block(lock: SimLock, slot: int) -> bytes:
    code = lock.memory.codes.get(slot)
    shown = b"" if code is None else lock.shown(code)
    return slot.to_bytes(2, "big") + bytes([0 if code is None else code.status, len(shown)]) + shown


def checksum(codes: dict[int, Code]) -> int:
    """CRC-CCITT over id, status and digits of every occupied slot in order; 0 for none (CC:0063.02.12.11.001 to .004)."""
    if not codes:
        return 0
    crc = 0x1D0F
    for slot, code in sorted(codes.items()):
        for byte in slot.to_bytes(2, "big") + bytes([code.status]) + code.digits.encode("ascii"):
            crc ^= byte << 8
            for _ in range(8):
                crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc
