"""A process's own folder: private, gone with the process, swept after one that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from arcctl.clients import own_folder
from tests.inside import dressed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEEPING = "from arcctl.clients import own_folder; print(own_folder.keep('secret', b'x')); input()"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """The folder for temporary files, empty."""
    own_folder.remove()
    with dressed(os.environ | {"TMPDIR": str(tmp_path)}, tmp_path):
        yield tmp_path
    own_folder.remove()


def killed(place: Path) -> None:
    """Leave behind what a process leaves that is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", KEEPING],
        env=os.environ | {"TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.kill()


def test_nobody_else_reads_what_is_kept(place: Path) -> None:
    """0600 in 0700, and the name says whose it is."""
    path = own_folder.keep("kubeconfig", b"secret")

    own = own_folder.folder()
    assert own.name.startswith(f"arcctl-{os.getpid()}-")
    assert [each.stat().st_mode & 0o777 for each in (own, path.parent, path)] == [
        0o700,
        0o700,
        0o600,
    ]


def test_it_goes_when_it_is_no_longer_needed(place: Path) -> None:
    """And another one is made when it is asked for again."""
    first = own_folder.folder()
    own_folder.remove()

    assert not first.exists()
    assert own_folder.folder().is_dir()


def test_what_a_killed_process_left_is_swept(place: Path) -> None:
    """By the next start; that of a process which lives stays."""
    own = own_folder.folder()
    killed(place)
    assert len(list(place.iterdir())) == 2

    own_folder.sweep()

    assert list(place.iterdir()) == [own]


def test_what_is_not_arcctls_own_stays(place: Path) -> None:
    """Other names, files of such a name, and a folder that has had no time for its lock."""
    for name in ("arcctl-other", "arcctl-1-2-young"):
        (place / name).mkdir()
    (place / "arcctl-1-2-file").write_text("")

    own_folder.sweep()

    assert len(list(place.iterdir())) == 3


@pytest.mark.parametrize(
    ("limit", "place", "said"),
    [(0, "", "File too large: "), (2**20, "/nowhere", "No such file or directory: '/nowhere")],
    ids=["files may not grow", "no folder"],
)
def test_why_no_temporary_file_can_be_written_is_said(
    tmp_path: Path, limit: int, place: str, said: str
) -> None:
    """Where a file may not grow, nothing is missing: Python alone would say "no such file"."""
    code = (
        "import resource, tempfile\n"
        "from arcctl.clients import own_folder\n"
        "tempfile._candidate_tempdir_list = lambda: [tempfile._os.environ['TMPDIR']]\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "own_folder.folder()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TMPDIR": place or str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said in ended.stderr
    assert list(tmp_path.iterdir()) == []
