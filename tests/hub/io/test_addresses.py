"""hub.io.addresses: which addresses the hub may be sent to."""

from __future__ import annotations

import pytest

from hub.io.addresses import Reach, reach, says_local

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
LOCAL = ["127.0.0.1", "127.8.8.8", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1",
         "fd12:3456::1", "::ffff:192.168.1.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]  # fmt: skip
NEVER = ["169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192",
         "198.18.0.1", "100.100.100.200", "168.63.129.16", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd20:ce::254", "::",
         "ff02::1", "fec0::1", "2001:db8::1", "2001::1", "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe",
         "64:ff9b:1::1", "2002:a9fe:a9fe::1", "100::1", "", "localhost", "127.1", "0x7f.1"]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((each, Reach.PUBLIC) for each in PUBLIC),
        *((each, Reach.LOCAL) for each in LOCAL),
        *((each, Reach.NEVER) for each in NEVER),
    ],
)
def test_every_address_has_its_reach(address: str, expected: Reach) -> None:
    assert reach(address) is expected


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("nas", True),
        ("printer.local", True),
        ("radicale.home.arpa", True),
        ("feeds.lan", True),
        ("feeds.example.com", False),
        ("local", True),
        ("notlocal.com", False),
        ("evillocal", True),
        ("lan.example", False),
    ],
)
def test_a_name_that_the_public_dns_does_not_give_out_says_local(host: str, local: bool) -> None:
    assert says_local(host) is local
