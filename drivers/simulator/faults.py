"""What goes wrong between host and stick, and with the stick itself. Each is a chance, and off unless somebody turns it on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from drivers.simulator.quirks import Chance


class Faults(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    lost_acks: float = Field(default=0, ge=0, le=1)
    """A frame of the host is taken, and its acknowledgement does not arrive: it will come, and be obeyed, once more."""
    lost_frames: float = Field(default=0, ge=0, le=1)
    """A frame of the stick does not arrive; it comes again after 1.6 s."""
    cancels: float = Field(default=0, ge=0, le=1)
    """CAN instead of taking a frame."""
    refusals: float = Field(default=0, ge=0, le=1)
    """NAK, as if the checksum were wrong."""
    noise: float = Field(default=0, ge=0, le=1)
    """For each byte to the host: it is another one."""
    early_answers: float = Field(default=0, ge=0, le=1)
    """The report comes before the callback of the command that asked for it."""
    lost_callbacks: float = Field(default=0, ge=0, le=1)
    """The callback of a transmission never comes."""
    floods: float = Field(default=0, ge=0, le=1)
    """For each command that reaches a lock: it asks for twenty S0 nonces (seen: YRD430, zwave-js #5756)."""
    jams: float = Field(default=0, ge=0, le=1)
    """For each transmission: from now on nothing comes through, for `jam_s`."""
    jam_s: float = Field(default=5, ge=0)
    unplugs: float = Field(default=0, ge=0, le=1)
    """For each command that reaches a lock: it is obeyed, and the stick is pulled out before it can say so."""
    away_s: float = Field(default=3, ge=0)
    """Until a stick that was pulled out is back."""
    restarts: float = Field(default=0, ge=0, le=1)
    """For each request of the host: the stick's watchdog starts it anew."""


class Trouble:
    """The faults that count at the moment, and the dice for them."""

    def __init__(self, faults: Faults, chance: Chance) -> None:
        self.faults = faults
        self._chance = chance

    def happens(self, likely: float) -> bool:
        return likely > 0 and self._chance.random() < likely

    def spoil(self, data: bytes) -> bytes:
        """The same bytes with noise."""
        if not self.faults.noise:
            return data
        return bytes(
            each ^ self._chance.randrange(1, 256) if self.happens(self.faults.noise) else each for each in data
        )
