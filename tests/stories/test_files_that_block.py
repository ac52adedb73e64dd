"""Files that a person or another program names: pipes nobody writes to, devices, full disks.

None of them keeps arcctl from ending, none is replaced, and a place that cannot be written to is
refused before anything is changed.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import yaml
from arcctl.model import keys
from tests.stage import PATIENCE
from tests.stories.moved import region
from tests.stories.moving import MOVE
from tests.stories.refusals import refused
from tests.stories.test_interrupt import ended, stopped_politely, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

HARBOR = "-n harbor -g edge"


def pipe(path: Path) -> Path:
    """Put a pipe there to which nobody writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def odd_places(folder: Path) -> list[str]:
    """Return places at which no report can lie."""
    pipe(folder / "pipe")
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "link").unlink(missing_ok=True)
    (folder / "link").symlink_to("pipe")
    return [
        "pipe",
        "folder",
        "link",
        "nowhere/report.md",
        "pipe/report.md",
        "/dev/full",
        "/dev/null",
    ]


@pytest.mark.parametrize("name", ["azureProfile.json", "config"])
def test_a_pipe_among_azs_files_keeps_nobody_waiting(connected: Stage, name: str) -> None:
    """It is az's to mend, as a broken file is."""
    path = pipe(connected.folder / "az" / name)
    listed = connected.type_apart("list -o json", AZURE_CONFIG_DIR=str(path.parent))

    assert listed.code == 0, listed.err
    assert [each["name"] for each in listed.data] == ["harbor"]


def test_a_pipe_for_arcctls_own_settings_is_refused(connected: Stage) -> None:
    """With its path, since a person has put it there."""
    path = connected.folder / "odd-home" / "config" / "config.toml"
    pipe(path)
    home = str(path.parent.parent)
    last = connected.type_apart("list", ARCCTL_HOME=home)

    assert last.code == 2
    assert "it is no ordinary file" in last.err


def test_no_report_goes_where_none_can_lie(harbor: Stage) -> None:
    """It is refused before the move, and what stands there stays."""
    for place in (*odd_places(harbor.folder), "/dev/full"):
        refused(harbor.type(f"{MOVE} --report {place}"), "file", exit_code=2)
        assert region(harbor) == "eastus"
    assert stat.S_ISFIFO((harbor.folder / "pipe").stat().st_mode)
    assert [each.name for each in harbor.folder.glob(".*")] == []


def test_no_plan_and_no_manifest_goes_there_either(harbor: Stage) -> None:
    """A pipe is not replaced by a file."""
    places = odd_places(harbor.folder)
    for place in places:
        refused(harbor.type(f"{MOVE} --dry-run --plan-out {place}"), "plan-file", exit_code=2)
        told = harbor.type(f"config export {HARBOR} --output-file {place}")
        assert told.code in (1, 2), told.err
    assert stat.S_ISFIFO((harbor.folder / "pipe").stat().st_mode)


def test_a_report_that_was_there_is_replaced_whole(harbor: Stage) -> None:
    """Trying its place leaves nothing behind, and a link leads to the new one."""
    (harbor.folder / "old.md").write_text("old " * 10_000, encoding="utf-8")
    (harbor.folder / "report.md").symlink_to("old.md")
    harbor.well(f"{MOVE} --secrets-from-cluster --report report.md")

    page = (harbor.folder / "old.md").read_text(encoding="utf-8")
    assert page.startswith("# harbor")
    assert "old old" not in page
    assert (harbor.folder / "report.md").is_symlink()
    assert [each.name for each in harbor.folder.glob(".*")] == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize(
    "line",
    [
        f"{MOVE} --plan pipe",
        f"{MOVE} --protected-settings pipe",
        f"config apply {HARBOR} --file pipe --yes",
        f"update {HARBOR} --proxy-cert pipe --yes",
    ],
)
def test_waiting_for_a_pipe_can_be_stopped(harbor: Stage, line: str, how: signal.Signals) -> None:
    """Whoever is to write to it does not."""
    path = pipe(harbor.folder / "pipe")
    with harbor.start(line) as process:
        writer = opened(path)
        try:
            process.send_signal(how)
            stopped_politely(ended(process))
        finally:
            os.close(writer)
    assert region(harbor) == "eastus"


def opened(path: Path) -> int:
    """Open a pipe for writing once somebody reads from it."""
    found: list[int] = []

    def try_it() -> bool:
        try:
            found.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    until(try_it, f"a reader of {path}")
    return found[0]


def test_what_comes_by_a_pipe_is_read_once(connected: Stage) -> None:
    """As with `<(…)` of a shell: a key, and a manifest."""
    path = pipe(connected.folder / "pipe")
    document = {"format": "arcctl.configuration/1", "children": []}
    for line, text in (
        ("config diff pipe edge/harbor", yaml.safe_dump(document)),
        ("connect -n quay -g edge --private-key pipe", keys.generate().private.reveal()[:200]),
    ):
        writer = threading.Thread(target=path.write_text, args=(text,), daemon=True)
        writer.start()
        told = connected.type(line)
        writer.join(60)
        assert "cannot read" not in told.err
        assert not writer.is_alive()


def test_a_question_can_be_stopped(connected: Stage) -> None:
    """A person does not answer, and the session around is ended."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "arcctl", *f"delete {HARBOR}".split()],
        env=connected.environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    screen = b""
    try:
        while b"[y/N]" not in screen and b"Type its name" not in screen:
            assert select.select([leader], [], [], PATIENCE)[0], screen
            screen += os.read(leader, 65536)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(leader)
