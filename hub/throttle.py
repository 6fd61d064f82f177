"""How long somebody who guesses has to wait. Counted in the database, so that a restart forgives nobody.

After five wrong attempts in a row each further one costs a wait, from one second, doubling, up to a quarter of an hour. An
address's count fades a day after its last attempt. An account is closed for sign-in after 100 in a row: then only the other
door helps (a name has one count for the hub itself and one for everywhere else, so that nobody outside can lock out the owner
on site) or a new set-up code from the console.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.errors import Rejected, Unavailable
from hub.store import people
from hub.store.engine import Tx
from hub.store.people import Attempts

FREE = 5
ALARMING = 10
"""In a row, so many are told to people: whoever mistypes has asked somebody, or waited, before that."""
CLOSED = 100
"""Source: NIST SP 800-63B section 5.2.2: no more than 100 consecutive failed attempts on a single account."""
_ADDRESS, _NAME = "address:", "name:"
LONGEST = timedelta(minutes=15)
FADES = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Where one attempt is counted."""

    account: str | None
    address: str | None
    """None: the hub itself."""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.account, self.address) if key is not None)


def here(address: str) -> bool:
    """Whether that is the hub itself."""
    return _ip(address).is_loopback


def buckets(name: str | None, address: str) -> Buckets:
    side = "here" if here(address) else "away"
    account = None if name is None else f"{_NAME}{side}:{_folded(name)}"
    return Buckets(account, None if side == "here" else of_address(address))


def of_address(address: str) -> str:
    """The key of an address that is not the hub's own."""
    return f"{_ADDRESS}{neighbourhood(address)}"


def network_of(key: str) -> str:
    """The other way round; empty: it is a name's."""
    return key.removeprefix(_ADDRESS) if key.startswith(_ADDRESS) else ""


def both_doors(name: str) -> tuple[str, str]:
    return f"{_NAME}here:{_folded(name)}", f"{_NAME}away:{_folded(name)}"


def _folded(name: str) -> str:
    """Not the name itself: people type their password there."""
    return hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def neighbourhood(address: str) -> str:
    """An IPv6 host has a whole /64 of addresses to guess from."""
    ip = _ip(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)


def patience(failures: int) -> timedelta:
    """How long after that many failures in a row the next attempt is looked at."""
    if failures < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE, 12)), LONGEST)


@dataclass(frozen=True, slots=True)
class Verdict:
    wait: timedelta
    closed: bool = False

    def insist(self) -> None:
        """
        Raises:
            Unavailable: not yet; `wait` says when.
            Rejected: never again through this door.
        """
        if self.closed:
            raise Rejected(
                "sign-in for this name is closed after too many wrong passwords; sign in on the hub itself, "
                "or set a new password with a set-up code from its console"
            )
        if self.wait:
            raise Unavailable(f"too many wrong attempts; try again in {_spoken(self.wait)}", wait=self.wait)


def charge(tx: Tx, where: Buckets, now: datetime) -> Verdict:
    """Count an attempt as failed before it is looked at; `forgive` it when it turns out right. Parallel guesses gain nothing."""
    account = None if where.account is None else _at(tx, where.account, now)
    if account is not None and account.failures >= CLOSED:
        return Verdict(_left(account, now), closed=True)
    return Verdict(count_wrong(tx, where.keys, now))


def count_wrong(tx: Tx, keys: Iterable[str], now: datetime) -> timedelta:
    """One more at each of these; while any has to wait none is counted, so that nobody fills the disk. How long that is."""
    counts = {key: _at(tx, key, now) for key in keys}
    wait = max((_left(count, now) for count in counts.values()), default=timedelta(0))
    if not wait:
        for key, count in counts.items():
            people.keep_attempts(tx, key, Attempts(count.failures + 1, now))
            if count.failures + 1 >= ALARMING:
                tx.signal("health")
    return wait


def _left(count: Attempts, now: datetime) -> timedelta:
    return max(timedelta(0), patience(count.failures) - (now - count.last_at))


def _at(tx: Tx, key: str, now: datetime) -> Attempts:
    count = people.attempts_at(tx, key)
    fades = count is not None and (count.failures < CLOSED or not key.startswith(_NAME))
    if count is None or (fades and count.last_at + FADES < now):
        return Attempts(0, now)
    if count.last_at > now:  # the clock was put back: nobody waits until the old time comes round again
        count = Attempts(count.failures, now)
        people.keep_attempts(tx, key, count)
    return count


def forgive(tx: Tx, where: Buckets) -> None:
    people.forget_attempts(tx, where.keys)


def reopen(tx: Tx, name: str) -> None:
    people.forget_attempts(tx, both_doors(name))
    tx.signal("health")


def _spoken(wait: timedelta) -> str:
    seconds = -(-wait // timedelta(seconds=1))
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
