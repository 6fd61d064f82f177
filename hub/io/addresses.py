"""Which network addresses the hub may be sent to, and by whom."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final


class Reach(Enum):
    PUBLIC = "public"
    LOCAL = "local"
    """This machine or this house: only where the operator wrote it himself."""
    NEVER = "never"
    """Link-local and metadata addresses, multicast, reserved and documentation ranges."""


_LOCAL4: Final = tuple(
    IPv4Network(each)
    for each in (
        "10.0.0.0/8",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598; also what overlay networks use
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
)
_NEVER4: Final = tuple(
    IPv4Network(each)
    for each in (
        # Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890).
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "100.100.100.200/32",  # metadata service of Alibaba Cloud
        "168.63.129.16/32",  # host agent of Azure
    )
)
_LOCAL6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_NEVER6: Final = (
    IPv6Network("fd00:ec2::/32"),  # metadata service of AWS, fd00:ec2::254
    IPv6Network("fd20:ce::/32"),  # metadata service of Google Cloud, fd20:ce::254
    IPv6Network("2001::/23"),  # Teredo and other protocol assignments (RFC 2928)
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)
_PUBLIC6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is really reached."""

_LOCAL_NAMES: Final = (".localhost", ".local", ".lan", ".internal", ".home.arpa")


def reach(address: str) -> Reach:
    """How far an address leads. Text that is no address leads nowhere."""
    try:
        found = ip_address(address)
    except ValueError:
        return Reach.NEVER
    return _reach4(found) if isinstance(found, IPv4Address) else _reach6(found)


def _reach4(address: IPv4Address) -> Reach:
    if any(address in network for network in _NEVER4):
        return Reach.NEVER
    return Reach.LOCAL if any(address in network for network in _LOCAL4) else Reach.PUBLIC


def _reach6(address: IPv6Address) -> Reach:
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return _reach4(inner)
    if address.scope_id is not None or any(address in network for network in _NEVER6):
        return Reach.NEVER
    if any(address in network for network in _LOCAL6):
        return Reach.LOCAL
    return Reach.PUBLIC if address in _PUBLIC6 else Reach.NEVER


def says_local(host: str) -> bool:
    """Whether a host as written can only mean this house: an address, or a name that the public DNS does not give out."""
    try:
        ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return "." not in name or name.endswith(_LOCAL_NAMES)
    return True
