"""What a site file changes, in words: of each row what it is, how it differs, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, TypeVar, assert_never

from hub import site_people
from hub.model.alerts import ways_in_words
from hub.model.availability import rules_in_words
from hub.model.guest_page import guest_words, instructions_words
from hub.model.guest_told import TELL_HOURS, tell_words
from hub.model.keeping import guest_days_words
from hub.model.policy import NO_OVERRIDE, CodePolicy, override_words, policy_words
from hub.site import Channel, PassSaid, PersonSaid, named
from hub.store.alerts import Wishes
from hub.store.bookings import RulesRow
from hub.store.house import LockRow, Property, Unit

Row = Property | LockRow | Unit | Channel | PersonSaid | PassSaid | Wishes | RulesRow
R = TypeVar("R", Property, LockRow, Unit, Channel, PersonSaid, PassSaid, Wishes, RulesRow)

KINDS: Final[Mapping[type[Row], str]] = {
    Property: "property",
    LockRow: "lock",
    Unit: "unit",
    Channel: "channel",
    PersonSaid: "person",
    PassSaid: "pass",
    Wishes: "alerts",
    RulesRow: "booking rules",
}


def called(row: Row) -> str:
    return named(KINDS[type(row)], row.id)


def _words(row: Row) -> dict[str, str]:
    match row:
        case Property():
            return {
                "name": f"“{row.name}”",
                "time zone": row.zone.key,
                "check-in": f"check-in {row.check_in:%H:%M}",
                "check-out": f"check-out {row.check_out:%H:%M}",
                "code lead": f"codes work {row.code_lead // timedelta(minutes=1)} minutes before check-in",
                "digits": f"PINs of {row.digits} digits",
                "backups": f"backup codes in each lock: {row.backups}",
                **policy_words(row.codes),
                "access log": f"the access log is kept for {row.log_days} days",
                "names": guest_days_words(row.guest_days),
                "told": tell_words(row.tell_hours),
                **guest_words(row.guest_phone, row.instructions, row.privacy),
            }
        case LockRow():
            return {
                "name": f"“{row.name}”",
                "property": f"in {row.property}",
                "address": f"{row.driver} {row.address}",
                "shared": "shared" if row.shared else "not shared",
                "S0": ("" if row.remote_unlock_over_s0 else "not ") + "unlocked from here over S0",
                "encryption": ("" if row.unencrypted else "not ") + "meant to go without encryption",
                "codes": override_words(row.codes, row.backups),
            }
        case Unit():
            doors = "doors " + ", ".join(row.locks) if row.locks else "no door"
            closed = f"a closure means {row.closed_means.value}"
            told = {"name": f"“{row.name}”", "property": f"in {row.property}", "doors": doors, "closed": closed}
            return told | {"instructions": instructions_words(row.instructions)}
        case Channel():
            units = ", ".join(f"{unit} ({listing})" for listing, unit in sorted(row.units.items())) or "no unit yet"
            return {"integration": row.integration, "unit": f"for {f'unit {row.unit}' if row.unit else units}"}
        case PersonSaid() | PassSaid():
            return site_people.words(row)
        case Wishes():
            people = ", then ".join(f"{each.person} by {ways_in_words(each.ways)}" for each in row.people)
            told = {"quiet": f"quiet hours {row.quiet or 'never'}", "people": f"tells {people or 'the managers'}"}
            return told | site_people.readers_words(row)
        case RulesRow():
            return {"": ", ".join(rules_in_words(row.own).values()) or "as usual"}
        case _:
            assert_never(row)


def introduction(row: Row) -> Iterator[str]:
    """Without what goes without saying of something new."""
    usual = set() if not isinstance(row, Property) else set(policy_words(CodePolicy()).values())
    usual |= {
        override_words(NO_OVERRIDE),
        *guest_words("", "").values(),
        tell_words(TELL_HOURS),
        site_people.MANAGERS_READ,
        site_people.TOLD_BY_EMAIL,
        site_people.NO_NOTE,
    }
    unsaid = {"S0", "encryption"} if isinstance(row, LockRow) else set()
    for key, words in _words(row).items():
        if words not in usual and (key not in unsaid or not words.startswith("not ")):
            yield words


def difference(was: R, row: R) -> str:
    before, after = _words(was), _words(row)
    told = [f"now {after[key]} (was {before[key]})" for key in after if before[key] != after[key]]
    if isinstance(was, Channel) and isinstance(row, Channel):
        keys = sorted(was.settings.keys() | row.settings.keys())
        told += [f"another {key}" for key in keys if was.settings.get(key) != row.settings.get(key)]
    return ", ".join(told)


def farewell(row: Row) -> str:
    match row:
        case Property():
            return ""
        case LockRow():
            return "a code of ours that is still in it stays in it"
        case Unit():
            return "with its channels and stays; their codes are revoked"
        case Channel():
            return "its stays remain and are kept here from now on"
        case PersonSaid() | PassSaid():
            return "the codes leave the locks"
        case Wishes():
            return "the managers are told, at any hour"
        case RulesRow():
            return "bookings are as usual"
        case _:
            assert_never(row)
