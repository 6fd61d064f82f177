import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import Misconfigured
from hub.io.systemd import Supervisor


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.settimeout(5)
        yield ear


def tell_everything(supervisor: Supervisor) -> None:
    supervisor.ready()
    supervisor.pet()
    supervisor.stopping()


EVERYTHING = [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_the_supervisor_is_told_over_its_socket(ear: socket.socket, tmp_path: Path) -> None:
    ear.bind(str(tmp_path / "notify"))
    tell_everything(Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify")}))
    assert [ear.recv(100) for _ in EVERYTHING] == EVERYTHING


def test_an_abstract_socket_is_reached(ear: socket.socket) -> None:
    name = f"gatehouse@test-{os.getpid()}"
    ear.bind(f"\0{name}")
    tell_everything(Supervisor({"NOTIFY_SOCKET": f"@{name}"}))
    assert [ear.recv(100) for _ in EVERYTHING] == EVERYTHING


def test_without_a_supervisor_telling_is_nothing() -> None:
    supervisor = Supervisor({})
    tell_everything(supervisor)
    assert supervisor.pet_every is None


def test_a_supervisor_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="NOTIFY_SOCKET"):
        Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()


@pytest.mark.parametrize(
    ("environ", "every"),
    [
        ({"WATCHDOG_USEC": "10000000"}, timedelta(seconds=5)),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=5)),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_petted_twice_as_often_as_it_asks(environ: dict[str, str], every: timedelta | None) -> None:
    assert Supervisor(environ).pet_every == every
