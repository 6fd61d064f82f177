"""Who is made to wait after too many wrong passwords, from where, and how often: said until it has been quiet for a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from hub import throttle
from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.store import log, people
from hub.store.people import Account, Attempts

QUIET: Final = timedelta(hours=1)
"""Four times the longest wait: whoever goes on guessing as fast as the hub lets them is never quiet for so long."""
_MOST_ADDRESSES: Final = 3
_MOST_LINES: Final = 200


def found(look: Look) -> Iterator[Finding]:
    """By account; wrong names, and set-up codes, by where they come from, as one."""
    many = people.many_attempts(look.tx, throttle.ALARMING, look.wall.now() - QUIET)
    if not many:
        return
    named: set[str] = set()
    for account in people.all_accounts(look.tx):
        counts = [
            (side, many[key])
            for side, key in zip(("here", "away"), throttle.both_doors(account.name), strict=True)
            if key in many
        ]
        for side, count in counts:
            if lasts(look, count, closed=count.failures >= throttle.CLOSED):
                addresses = _addresses(look, account, side)
                named |= {throttle.of_address(each) for each in addresses}
                yield _of_account(account, count, side, addresses)
    strangers = {
        throttle.network_of(key): count
        for key, count in many.items()
        if throttle.network_of(key) and key not in named and lasts(look, count)
    }
    if strangers:
        yield _of_strangers(strangers)


def lasts(look: Look, count: Attempts, *, closed: bool = False) -> bool:
    """A door that was closed stays so until somebody opens it."""
    left = count.last_at + QUIET - look.wall.now()
    return closed or (left > timedelta(0) and not look.reached(look.now + left))


def _addresses(look: Look, account: Account, side: str) -> list[str]:
    """Where wrong attempts with that name came from on that side, the latest first."""
    deeds = log.deeds(look.tx, f"account:{account.name}", limit=_MOST_LINES)
    wrong = (deed for deed in deeds if deed.action == "sign in" and deed.outcome == "refused")
    recent = (deed for deed in wrong if deed.at > look.wall.now() - throttle.FADES)
    addresses = dict.fromkeys(deed.actor.removeprefix("address:") for deed in recent)
    return [each for each in addresses if throttle.here(each) == (side == "here")]


def _of_account(account: Account, count: Attempts, side: str, addresses: list[str]) -> Finding:
    shown = addresses[:_MOST_ADDRESSES]
    more = len(addresses) - len(shown)
    where = " and ".join([", ".join(shown), *([f"{more} more"] if more else [])]) if shown else "an unknown address"
    times = f"{count.failures} wrong passwords in a row were given for {account.name}, from {where}"
    if count.failures >= throttle.CLOSED:
        door = "on the hub itself" if side == "here" else "from elsewhere than the hub itself"
        sentence = f"{times}. Sign-in with that name is closed {door}."
        cure = "Sign in on the hub itself, or set a new password with a set-up code from its console."
    else:
        sentence = f"{times}; each further one costs a wait."
        cure = (
            f"Ask {account.name}. If it was nobody of yours, somebody guesses: see to it that the hub's pages are not "
            "open to strangers, and that the password is one that nobody guesses."
        )
    return Finding(Kind.SIGN_IN_LOCKED, f"account:{account.name}:{side}", sentence, cure, count.last_at)


def _of_strangers(strangers: dict[str, Attempts]) -> Finding:
    worst = sorted(strangers.items(), key=lambda each: -each[1].failures)
    shown = ", ".join(f"{network} ({count.failures})" for network, count in worst[:_MOST_ADDRESSES])
    more = len(worst) - _MOST_ADDRESSES
    others = f" and {more} more" if more > 0 else ""
    sentence = f"Wrong names, passwords or set-up codes come again and again from {shown}{others}; each further one costs a wait."
    cure = "If that is nobody of yours, see to it that the hub's pages are not open to strangers."
    return Finding(Kind.SIGN_IN_LOCKED, "signin", sentence, cure, max(count.last_at for count in strangers.values()))
