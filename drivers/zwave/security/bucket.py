"""How often somebody may make us do something."""

from __future__ import annotations


class Bucket:
    """Holds `size` tokens at most and gains one every `every` seconds."""

    __slots__ = ("_at", "_every", "_size", "_tokens")

    def __init__(self, size: int, every: float) -> None:
        self._size = size
        self._every = every
        self._tokens = float(size)
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """`now` in seconds of a clock that never goes back."""
        if self._at is not None:
            self._tokens = min(self._size, self._tokens + (now - self._at) / self._every)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """What was taken served its purpose."""
        self._tokens = min(self._size, self._tokens + 1)
