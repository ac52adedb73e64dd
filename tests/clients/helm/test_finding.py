"""helm is taken from where it was named, from PATH, or from arcctl's cache."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.helm import Helm, release
from arcctl.errors import HelmError
from arcctl.settings import Flags, Settings
from tests.clients.helm.scripts import script, there

if TYPE_CHECKING:
    from pathlib import Path


def helm(folder: Path, version: str, name: str = "helm") -> Path:
    """A program that says it is a helm, and counts how often it was asked."""
    folder.mkdir(parents=True, exist_ok=True)
    code = f"""
        import pathlib, sys
        with open({str(folder / "asked")!r}, "a") as asked:
            asked.write("x")
        assert sys.argv[1] == "version", sys.argv
        print({version!r})
        """
    return script(folder, code, name=name)


def settings(home: Path, flag: str | None = None, **environ: str) -> Settings:
    """Settings whose PATH holds nothing but what a test says."""
    return Settings(
        environ={"PATH": "", "HOME": str(home), **environ},
        flags=Flags(helm=flag),
        helm=flag,
        cache_home=home / "cache",
    )


async def found(asked: Settings) -> tuple[Helm, list[str]]:
    """Open helm, and return it with what was noted."""
    notes: list[str] = []
    return await Helm.open(asked, note=notes.append), notes


async def refused(asked: Settings) -> HelmError:
    """Open helm in vain."""
    with pytest.raises(HelmError) as raised:
        await found(asked)
    return raised.value


async def test_the_flag_wins(home: Path) -> None:
    """What was named is used, though another helm is on PATH."""
    named = helm(home / "named", "v3.17.3")
    helm(home / "bin", "v4.2.3")
    opened, notes = await found(settings(home, str(named), PATH=str(home / "bin")))
    assert (opened.path, opened.version, notes) == (named, (3, 17, 3), [])


async def test_the_peers_variable_names_a_helm(home: Path) -> None:
    """HELM_CLIENT_PATH works as with az."""
    named = helm(home / "named", "v3.20.1")
    opened, _ = await found(settings(home, HELM_CLIENT_PATH=str(named)))
    assert opened.path == named


async def test_a_name_is_looked_up_on_path(home: Path) -> None:
    """`--helm helm3` needs no folder."""
    named = helm(home / "bin", "v3.17.3", name="helm3")
    opened, _ = await found(settings(home, "helm3", PATH=str(home / "bin")))
    assert opened.path == named


async def test_a_helm_on_path_is_used(home: Path) -> None:
    """3.14 and newer will do."""
    there = helm(home / "bin", "v3.14.0+g1234")
    opened, notes = await found(settings(home, PATH=str(home / "bin")))
    assert (opened.path, opened.version, notes) == (there, (3, 14, 0), [])


@pytest.mark.parametrize("version", ["v3.13.3", "nonsense"])
async def test_an_unusable_helm_on_path_is_skipped_with_a_note(home: Path, version: str) -> None:
    """Nobody named it, so arcctl looks further, and says why."""
    helm(home / "bin", version)
    asked = settings(home, PATH=str(home / "bin"))
    kept = helm(release.place(asked).parent, f"v{release.VERSION}")
    opened, notes = await found(asked)
    assert opened.path == kept
    assert len(notes) == 1
    assert "looking further" in notes[0]


async def test_a_named_helm_that_is_too_old_is_refused(home: Path) -> None:
    """What was named is not replaced behind one's back."""
    error = await refused(settings(home, str(helm(home / "named", "v3.13.3"))))
    assert (error.code, error.message) == ("AZK8S0511", "helm 3.13.3 is too old")


async def test_a_named_helm_that_is_not_there_is_refused(home: Path) -> None:
    """The path stands in the message."""
    error = await refused(settings(home, str(home / "absent")))
    assert (error.code, error.message) == ("AZK8S0510", f"no helm at {home / 'absent'}")


@pytest.mark.parametrize(
    "content", [b"no program", b"#!/bin/sh\nexit 3\n", b"#!/bin/sh\necho hello\n"]
)
async def test_a_named_file_that_is_no_helm_is_refused(home: Path, content: bytes) -> None:
    """Whatever it is, it is told, not a traceback."""
    path = home / "file"
    path.write_bytes(content)
    path.chmod(0o755)
    assert (await refused(settings(home, str(path)))).code == "AZK8S0510"


async def test_the_version_is_asked_once_for_each_file(home: Path) -> None:
    """Another run knows it already, until the file changes."""
    named = helm(home / "named", "v3.17.3")
    for _ in range(3):
        await found(settings(home, str(named)))
    assert (home / "named" / "asked").read_text() == "x"
    named.write_text(named.read_text().replace("3.17.3", "3.18.10"))
    opened, _ = await found(settings(home, str(named)))
    assert opened.version == (3, 18, 10)


async def test_a_memory_that_is_spoiled_is_made_anew(home: Path) -> None:
    """A half-written cache is no reason to fail."""
    named = helm(home / "named", "v3.17.3")
    (home / "cache" / "helm").mkdir(parents=True)
    for content in ("{", '{"a": 1}', "[]", "7"):
        (home / "cache" / "helm" / "versions.json").write_text(content)
        opened, _ = await found(settings(home, str(named)))
        assert opened.version == (3, 17, 3)


async def test_a_cache_that_cannot_be_written_costs_only_time(home: Path) -> None:
    """A file where the folder should be stands for every such trouble."""
    (home / "cache").write_text("in the way")
    opened, _ = await found(settings(home, str(helm(home / "named", "v3.17.3"))))
    assert opened.version == (3, 17, 3)


async def test_whoever_gives_up_looking_leaves_no_helm_behind(home: Path) -> None:
    """When the cancellation returns, the helm that was asked for its version has ended."""
    code = f"""
        import os, time
        open({str(home / "pid")!r}, "w").write(str(os.getpid()))
        open({str(home / "asked")!r}, "w").close()
        time.sleep(120)
        """
    (home / "bin").mkdir()
    slow = script(home / "bin", code, name="helm")
    looking = asyncio.create_task(found(settings(home, str(slow))))
    await there(home / "asked")
    looking.cancel()
    await asyncio.wait([looking])

    with pytest.raises(ProcessLookupError):
        os.kill(int((home / "pid").read_text()), 0)
