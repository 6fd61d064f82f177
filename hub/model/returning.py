"""What tells that two stays are one guest's: what reaches them, in the one form in which it can be compared."""

from __future__ import annotations

from typing import Final

_TELLING: Final = 9
"""Digits of a telephone number that tell it from others, whether it was written with its country or without. Source: ITU-T
E.164: national numbers are longer, country codes stand before them."""
_FEWEST: Final = 7


PROXIES: Final = ("@guest.airbnb.com", "@guest.booking.com")
"""Where the two large platforms' forwarding addresses end; others are not known here and pass for the guest's own."""


def is_proxy(email: str) -> bool:
    """It is the platform's, made for one booking, and says nothing of who the guest is."""
    return email.strip().casefold().endswith(PROXIES)


def email_form(text: str) -> str:
    """Empty: none that could be compared."""
    address = text.strip().casefold()
    return address if "@" in address.strip("@") and not is_proxy(address) else ""


def phone_form(text: str) -> str:
    """Its last digits; empty: too few to tell one person from another."""
    digits = "".join(each for each in text if each.isdecimal())
    return digits[-_TELLING:] if len(digits) >= _FEWEST else ""
