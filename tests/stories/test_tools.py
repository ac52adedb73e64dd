"""The programs and folders that arcctl needs: missing, too old, speaking in tongues, full."""

from __future__ import annotations

import resource
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.stage import PATIENCE, Ended
from tests.stories.refusals import CONNECT, changes, refused

if TYPE_CHECKING:
    from tests.stage import Stage

QUICKLY = f"{CONNECT} --skip-prechecks"
FOREIGN = r"\320\276\321\210\320\270\320\261\320\272\320\260 \377\376 \342\234\227"


def helm(stage: Stage, version: str, otherwise: str = "exit 0") -> None:
    """Let helm be a script with this version that sees no release, and does this for the rest."""
    script = stage.folder / "helm"
    looking = "history) echo 'Error: release: not found' >&2; exit 1"
    verbs = f'case "$1" in version) echo {version}+g123;; {looking};; *) {otherwise};; esac'
    script.write_text(f"#!/bin/sh\n{verbs}\n")
    script.chmod(0o755)
    stage.extra["ARCCTL_HELM"] = str(script)


def test_a_helm_that_is_not_there_or_too_old_is_refused(quick: Stage) -> None:
    """Both before anything is changed, and both say that arcctl finds one by itself."""
    missing = quick.type(f"{CONNECT} --helm nowhere/helm")
    helm(quick, "v3.9.0")
    ancient = quick.type(CONNECT)
    helm(quick, "v3.17.3; exit 3")
    broken = quick.type(CONNECT)

    refused(missing, "AZK8S0510", said="a helm is found or fetched")
    refused(ancient, "AZK8S0511", said="helm 3.9.0 is too old")
    assert (broken.code, "AZK8S051" in broken.err) == (1, True)
    assert changes(quick) == []


def test_what_helm_says_in_any_letters_is_passed_on(quick: Stage) -> None:
    """Letters of other scripts stay whole, and bytes of no script at all do not stop arcctl."""
    helm(quick, "v3.17.3", f"printf '{FOREIGN}\\n' >&2; exit 1")

    refused(quick.type(QUICKLY), "AZK8S0502", said="ошибка �� ✗")


def test_people_with_a_plain_terminal_see_no_traceback(quick: Stage) -> None:
    """Where the locale knows ASCII only, the same words come out as they can."""
    helm(quick, "v3.17.3", f"printf '{FOREIGN}\\n' >&2; exit 1")

    ended = quick.type(QUICKLY, LC_ALL="C", PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")

    refused(ended, "AZK8S0502")


@pytest.mark.parametrize(
    ("what", "environ"),
    [
        ("the diagnostics'", {}),
        ("the agents'", {"AZURE_LOCAL_DISCONNECTED": "true"}),
    ],
)
def test_a_chart_that_is_not_there_is_told(
    quick: Stage, what: str, environ: dict[str, str]
) -> None:
    """A registry without the chart is a refusal with helm's words; nothing is retried for ever."""
    fault = quick.fault("registry", {"status": 404}, path="manifests", times=None)

    refused(quick.type(CONNECT, **environ), "AZK8S0502", said="not found")

    assert quick.happened(fault) >= 1
    quick.within(quick.world.faults.remove)
    assert quick.well(CONNECT).data["connectivityStatus"] == "Connected"


def typed_on_a_full_disk(stage: Stage, line: str) -> Ended:
    """Type a command that may write no more than a few bytes into any file."""
    done = subprocess.run(
        [sys.executable, "-m", "arcctl", *shlex.split(line)],
        # Python would leave compiled modules cut short, which break whatever runs next.
        env=stage.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=stage.folder,
        timeout=PATIENCE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_full_disk_is_told_and_nothing_is_lost(quick: Stage) -> None:
    """Where the chart cannot be written, arcctl says so; with room again it goes on."""
    ended = typed_on_a_full_disk(quick, QUICKLY)

    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "too large" in ended.err, ended.err
    assert quick.well(QUICKLY).data["connectivityStatus"] == "Connected"


def test_showing_needs_no_disk(quick: Stage) -> None:
    """A token that cannot be kept is fetched anew the next time; that is all."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge"}])

    ended = typed_on_a_full_disk(quick, "show -n harbor -g edge")

    assert (ended.code, ended.data["name"]) == (0, "harbor"), ended.err


def test_a_home_that_is_no_folder_is_told(quick: Stage) -> None:
    """A file stands where arcctl's own folder should be."""
    (quick.folder / "file").write_text("")

    refused(
        quick.type(CONNECT, ARCCTL_HOME=str(quick.folder / "file" / "arcctl")),
        "usage",
        exit_code=2,
        said="which is no folder",
    )
    assert changes(quick) == []
