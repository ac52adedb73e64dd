"""The folder of a collection takes whatever is laid into it, and is whole or gone."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest
from arcctl.operations.evidence.dossier import LARGEST, Dossier, Unwritable, safe

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """Two collections in one second, or beside an archive whose folder is gone."""
    first, second = Dossier(tmp_path, "harbor"), Dossier(tmp_path, "harbor")
    second.seal()
    second.folder.rmdir()
    third = Dossier(tmp_path, "harbor")

    assert [each.folder.name for each in (first, second, third)] == [
        "harbor",
        "harbor-2",
        "harbor-3",
    ]


@pytest.mark.parametrize(
    "name", ["..", "../x", "/etc/passwd", ".ssh", "a\0b", "ü\n", "", "x" * 500]
)
def test_a_safe_name_is_one_file_in_its_folder(name: str) -> None:
    """No slash, no leading dot, no control, not long."""
    found = safe(name)

    assert found
    assert not found.startswith(".")
    assert not set(found) & set("/\\\0\n")
    assert len(found) <= 120


def test_names_that_become_the_same_are_two_files(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    dossier = Dossier(tmp_path, "harbor")

    paths = [dossier.write(name, name).path for name in ("a b.txt", "a?b.txt")]

    assert paths == ["a_b.txt", "a_b-2.txt"]
    assert [(dossier.folder / path).read_text() for path in paths] == ["a b.txt", "a?b.txt"]


def test_what_is_too_long_is_cut_and_says_so(tmp_path: Path) -> None:
    """In its first line, and to whoever lists it."""
    file = Dossier(tmp_path, "harbor").write("long.txt", "x" * (LARGEST + 5))

    assert file.cut == f"cut: the first {LARGEST:,} of {LARGEST + 5:,} bytes"
    assert file.size < LARGEST + 100


def test_a_sealed_dossier_is_its_folder_packed(tmp_path: Path) -> None:
    """Under the folder's name, and nobody's."""
    dossier = Dossier(tmp_path, "harbor")
    dossier.write("logs/a.txt", "a")

    with tarfile.open(dossier.seal()) as archive:
        members = {member.name: (member.uid, member.uname) for member in archive}

    assert members == dict.fromkeys(("harbor", "harbor/logs", "harbor/logs/a.txt"), (0, ""))


def test_a_discarded_dossier_is_gone(tmp_path: Path) -> None:
    """With its archive."""
    dossier = Dossier(tmp_path, "harbor")
    dossier.write("a.txt", "a")
    dossier.seal()

    dossier.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With what to type."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Unwritable) as raised:
        Dossier(tmp_path / "file" / "below", "harbor")

    assert "--folder" in raised.value.hints[0]
