"""The questions put to a lock when it is met, in as few frames as possible. Nothing here writes or clears a code.

An interview is a generator: it yields the next question and is sent the report, or None when the node took the question
but did not report. It knows neither the radio nor the time.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from enum import Enum

from drivers.zwave.cc import (
    association,
    battery,
    configuration,
    door_lock,
    door_lock_logging,
    manufacturer_specific,
    notification,
    schedule_entry_lock,
    user_code,
    user_credential,
    version,
    wake_up,
)
from drivers.zwave.cc.codec import Command
from drivers.zwave.functions import NodeInfo, ProtocolInfo
from drivers.zwave.known import Known
from drivers.zwave.security.keys import SecurityClass
from hub.contracts.radio import Reach
from hub.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Grant:
    """The key under which a node answered, and what it supports only under it."""

    security: SecurityClass
    classes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Ask:
    command: Command
    report: type[Command] | None
    """What answers it; None: nothing does, it is enough that the command arrived."""
    news: bool = False
    """Whether the answer is soon out of date; it is told, and nothing is learnt from it."""


class Confirmed(Enum):
    """What became of a node that was met before."""

    SAME = "it is as it was"
    UPDATED = "it runs other firmware"
    OTHER = "it is another device"


Answer = Command | None
Interview = Generator[Ask, Answer, Known]
Learning = Generator[Ask, Answer, Known]


def interview(protocol: ProtocolInfo, info: NodeInfo, own_node: int, grant: Grant | None = None) -> Interview:
    """Learn what a node can do.

    Raises:
        Unavailable: it left out an answer without which a lock cannot be used.
    """
    known = Known(generic=protocol.generic, specific=protocol.specific, classes=info.classes, reach=reach(protocol))
    if grant is not None:
        known = replace(known, classes=info.classes | grant.classes, granted=grant.security.name)
    if known.is_lock:
        known = yield from _identity(known)
    if not known.is_lock or known.closed:
        return known
    known = yield from _codes(known)
    known = yield from _bolt(known)
    known = yield from _notifications(known)
    known = yield from _log(known)
    if battery.CLASS in known.classes:
        yield Ask(battery.Get(), battery.Report, news=True)
    if association.CLASS in known.classes:
        full = yield from _lifeline(known.device.lifeline, own_node)
        known = replace(known, tells_others=full)
    if wake_up.CLASS in known.classes and not (protocol.listening or protocol.beamed):
        known = yield from _wake_up(known, own_node)
    return known


def reach(protocol: ProtocolInfo) -> Reach:
    if protocol.listening:
        return Reach.LISTENS
    return Reach.BEAMED if protocol.beamed else Reach.SLEEPS


def confirm(known: Known) -> Generator[Ask, Answer, Confirmed]:
    """Whether a node met before is still the same device; asks for the bolt's position on the way."""
    if manufacturer_specific.CLASS in known.classes:
        match (yield Ask(manufacturer_specific.Get(), manufacturer_specific.Report)):
            case manufacturer_specific.Report() as report:
                product = (report.manufacturer, report.product_type, report.product)
                if known.product not in {None, product}:
                    return Confirmed.OTHER
    outcome = Confirmed.SAME
    if version.CLASS in known.classes and known.firmware:
        match (yield Ask(version.Get(), version.Report)):
            case version.Report(firmware=(major, minor)) if known.firmware != f"{major}.{minor}":
                outcome = Confirmed.UPDATED
    if known.moves:
        yield Ask(door_lock.OperationGet(), door_lock.OperationReport, news=True)
    return outcome


def _identity(known: Known) -> Learning:
    if manufacturer_specific.CLASS in known.classes:
        match (yield Ask(manufacturer_specific.Get(), manufacturer_specific.Report)):
            case manufacturer_specific.Report() as report:
                product = (report.manufacturer, report.product_type, report.product)
                known = replace(known, product=product)
    if version.CLASS in known.classes:
        match (yield Ask(version.Get(), version.Report)):
            case version.Report(firmware=(major, minor)):
                known = replace(known, firmware=f"{major}.{minor}")
    return known


def _codes(known: Known) -> Learning:
    if not known.device.keypad:
        return known
    if user_credential.CLASS in known.classes:
        match (yield Ask(user_credential.UserCapabilitiesGet(), user_credential.UserCapabilitiesReport)):
            case user_credential.UserCapabilitiesReport(users=users) if users > 0:
                return (yield from _credentials(known, users))
    if user_code.CLASS not in known.classes:
        return known
    code_version = yield from _version(known, user_code.CLASS)
    match (yield Ask(user_code.UsersNumberGet(), user_code.UsersNumberReport)):
        case user_code.UsersNumberReport(users=users):
            slots = users if known.device.slots is None else min(users, known.device.slots)
            known = replace(known, slots=slots, code_version=code_version)
        case _:
            raise Unavailable("the lock did not say how many codes it holds")
    if code_version >= 2:
        match (yield Ask(user_code.CapabilitiesGet(), user_code.CapabilitiesReport)):
            case user_code.CapabilitiesReport(statuses=statuses):
                known = replace(known, code_statuses=statuses)
    known = yield from _pin_length(known)
    return (yield from _schedules(known))


def _credentials(known: Known, users: int) -> Learning:
    """A lock that has users keeps its codes with them, and User Code must then be left alone (CL:0083.01.21.00.6)."""
    question = user_credential.CredentialCapabilitiesGet()
    match (yield Ask(question, user_credential.CredentialCapabilitiesReport)):
        case user_credential.CredentialCapabilitiesReport(abilities=abilities):
            known = replace(known, credentials=True)
        case _:
            raise Unavailable("the lock did not say what codes it holds")
    for each in abilities:
        if each.kind == user_credential.Kind.PIN.value:
            least, most = max(each.least, 4), min(each.most, 10)
            return replace(known, slots=min(users, each.slots), min_digits=least, max_digits=most)
    return known


def _schedules(known: Known) -> Learning:
    if schedule_entry_lock.CLASS not in known.classes or not known.keeps_time:
        return known
    real = known.device.schedules
    if real is not None:
        return replace(known, schedules=(real.week_day, real.year_day, real.daily))
    match (yield Ask(schedule_entry_lock.SupportedGet(), schedule_entry_lock.SupportedReport)):
        case schedule_entry_lock.SupportedReport(week_day=week_day, year_day=year_day, daily=daily):
            return replace(known, schedules=(week_day, year_day, daily or 0))
        case _:
            return known


def _pin_length(known: Known) -> Learning:
    """Some locks accept only codes of one length, kept in a parameter whose change deletes every code: read, never set."""
    parameter = known.device.pin_length_parameter
    if parameter is None or configuration.CLASS not in known.classes:
        return known
    match (yield Ask(configuration.Get(parameter), configuration.Report)):
        case configuration.Report(value=digits) if 4 <= digits <= 10:
            return replace(known, min_digits=digits, max_digits=digits)
        case _:
            raise Unavailable("the lock did not say how long its codes must be")


def _bolt(known: Known) -> Learning:
    if not known.moves:
        return known
    if (yield from _version(known, door_lock.CLASS)) >= 4:
        match (yield Ask(door_lock.CapabilitiesGet(), door_lock.CapabilitiesReport)):
            case door_lock.CapabilitiesReport(modes=modes):
                known = replace(known, modes=modes)
    yield Ask(door_lock.OperationGet(), door_lock.OperationReport, news=True)
    return known


def _notifications(known: Known) -> Learning:
    """Event Supported Get exists since version 3 (ZW_classcmd.h, EVENT_SUPPORTED_GET_V3)."""
    if not known.notifies or (yield from _version(known, notification.CLASS)) < 3:
        return known
    question = notification.EventSupportedGet(notification.ACCESS_CONTROL)
    match (yield Ask(question, notification.EventSupportedReport)):
        case notification.EventSupportedReport(events=events):
            return replace(known, access_events=events)
        case _:
            return known


def _log(known: Known) -> Learning:
    if door_lock_logging.CLASS not in known.classes:
        return known
    match (yield Ask(door_lock_logging.RecordsSupportedGet(), door_lock_logging.RecordsSupportedReport)):
        case door_lock_logging.RecordsSupportedReport(records=records):
            return replace(known, records=records)
        case _:
            return known


def _lifeline(group: int, own_node: int) -> Generator[Ask, Answer, bool]:
    """Have it report to the stick. True: others have every place, and whom they serve nobody here knows."""
    match (yield Ask(association.Get(group), association.Report)):
        case association.Report(nodes=nodes, limit=limit) if own_node not in nodes:
            if len(nodes) >= limit:
                return bool(nodes)  # a group without any place is none
            yield Ask(association.Set(group, (own_node,)), None)
    return False


def _wake_up(known: Known, own_node: int) -> Learning:
    """A node that sleeps tells one other node that it is awake: that must be us. How often it wakes is left as it is."""
    match (yield Ask(wake_up.IntervalGet(), wake_up.IntervalReport)):
        case wake_up.IntervalReport(seconds=seconds, node=node):
            if node != own_node:
                yield Ask(wake_up.IntervalSet(seconds, own_node), None)
            return replace(known, wakes_every_s=seconds)
        case _:
            return known


def _version(known: Known, command_class: int) -> Generator[Ask, Answer, int]:
    """The version of a command class the node supports; 1 when it does not say, for 1 is always understood."""
    if version.CLASS not in known.classes:
        return 1
    match (yield Ask(version.CommandClassGet(command_class), version.CommandClassReport)):
        case version.CommandClassReport(command_class=same, version=number) if same == command_class:
            return max(number, 1)
        case _:
            return 1
