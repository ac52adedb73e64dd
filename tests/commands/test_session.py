"""What every command does before and after its own work."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.commands.program import typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = {
    "AZURE_CLIENT_SECRET": "marked-one",
    "AZURE_ACCESS_TOKEN": "marked-two",
    "AZURE_SUBSCRIPTION_ID": "4b1c0000-0000-0000-0000-000000000000",
    "AZURE_TENANT_ID": "4b1c0000-0000-0000-0000-000000000001",
    "no_proxy": "127.0.0.1",
    "MY_PROXY": "http://me:marked-three@proxy.example:3128",
}


@pytest.fixture
def silent_azure() -> Iterator[socket.socket]:
    """An address that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def start(*words: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Arcctl as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "arcctl", *words],
        env=os.environ | (environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def unread(*words: str) -> tuple[int, str]:
    """Exit code and stderr of a Python whose stdout nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, *words], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    return done.returncode, done.stderr


def cloud_of(server: socket.socket) -> str:
    """Its URL."""
    return f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show -n harbor", "which resource group?"),
        ("show -n har/bor -g edge", "not a name for a connected cluster: 'har/bor'"),
        ("show -n harbor -g edge.", "not a name for a resource group: 'edge.'"),
        ("show -n harbor -g edge -o xml", "unknown output format: xml"),
        ("show -n harbor -g edge --progress loud", "unknown --progress: loud"),
        ("connect -n harbor -g edge --correlation-id mine", "--correlation-id is a GUID"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    home: Path, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is sent anywhere; exit code 2."""
    assert typed(line) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error  {said}")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_in_one_sentence(
    home: Path, silent_azure: socket.socket, how: signal.Signals
) -> None:
    """Ctrl-C, or a pipeline that is cancelled: exit code 130, no traceback."""
    process = start("show", "-n", "harbor", "-g", "edge", "--cloud", cloud_of(silent_azure))
    connection, _ = silent_azure.accept()
    with connection:
        process.send_signal(how)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    assert err == "error  stopped; the same command goes on from here   [interrupted]\n"


def test_debug_shows_a_traceback_without_secrets(home: Path, silent_azure: socket.socket) -> None:
    """Where it broke, and nothing of the environment that nobody may read."""
    words = ["show", "-n", "harbor", "-g", "edge", "--cloud", cloud_of(silent_azure), "--debug"]
    process = start(*words, environ=HELD)
    connection, _ = silent_azure.accept()
    with connection:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert "Traceback (most recent call last)" in err
    assert "marked" not in out + err


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    """`arcctl … | head -1` ends in silence."""
    assert unread("-m", "arcctl", "--help")[1] == ""


SPILL = """
import typer
from arcctl.commands.session import command

@command()
async def spill(session):
    session.console.out.write("line\\n" * 100_000)

program = typer.Typer()
program.command()(spill)
program(standalone_mode=False)
"""


@pytest.mark.parametrize("how", ["-u", "-E"], ids=["unbuffered", "buffered"])
def test_a_command_whose_reader_goes_away_ends_in_silence(home: Path, how: str) -> None:
    """However much of its result was still to be written."""
    assert unread(how, "-c", SPILL) == (0, "")
