"""`arcctl sandbox demo`: the first thing that a new user types."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.conftest import FOREIGN
from tests.sandbox.programs import ran

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEMO = ("-m", "arcctl", "sandbox", "demo")


async def watched(home: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Watch a demo in a pipe, with a home of its own."""
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    return await ran(sys.executable, *DEMO, environment={**own, **environment})


def answers(err: str) -> bool:
    """Whether anybody listens where the sandbox said that it was."""
    found = re.search(r"https://127\.0\.0\.1:(\d+)", err)
    assert found, err
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(found[1]))) == 0


def files_in(home: Path) -> set[str]:
    """The names of all files that were left there."""
    return {path.name for path in home.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Watched:
    """A demo that was watched to its end."""

    code: int
    out: str
    err: str
    answers: bool
    left: set[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Watched:
    """One demo for all who look at it, with a token, a kubeconfig and a format of the person's own."""
    home = tmp_path_factory.mktemp("demo")
    own = {
        "ARCCTL_HELM": str(helm4),
        "ARCCTL_OUTPUT": "yaml",
        "AZURE_ACCESS_TOKEN": "not-for-the-sandbox",
        "KUBECONFIG": str(home / "missing"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            patch.delenv(name)
        code, out, err = asyncio.run(watched(home, own))
    return Watched(code, out, err, answers(err), files_in(home))


def test_each_command_is_shown_and_ends_well(whole: Watched) -> None:
    """Ten command lines, what they found, and one sentence at the end."""
    code, out, err = whole.code, whole.out, whole.err

    assert code == 0, err
    verbs = re.findall(r"^\$ arcctl (\w+)", err, re.MULTILINE)
    assert verbs == [
        *("connect", "show", "show", "list", "connect", "delete"),
        *("connect", "config", "move", "config"),
    ]
    assert out.count("harbor") == 2
    assert "clusteridentityoperator" in out
    assert "edge/harbor is as asked" in err
    assert (
        "nothing was lost that a move can carry: 2 children and the resource are as they were"
        in err
    )
    assert "harbor.yaml and edge/harbor are configured alike." in err
    assert err.endswith("moved with nothing lost; the sandbox is gone too.\n")


def test_nothing_stays_behind(whole: Watched) -> None:
    """No sandbox answers any more, and the home holds no cluster's, no Azure's and no token."""
    assert not whole.answers
    assert whole.left <= {"versions.json"}  # what arcctl remembers of the helms it met


def test_what_the_person_has_set_leads_nowhere_else(whole: Watched) -> None:
    """A token, a kubeconfig and an output format of the person's own do not reach the commands."""
    assert whole.code == 0, whole.err
    assert "connectivityStatus:" not in whole.out


async def test_a_bad_end_is_told(home: Path) -> None:
    """Without a usable helm the demo stops at its first command, and leaves no sandbox."""
    code, _, err = await watched(home, {"ARCCTL_HELM": str(home / "no-helm")})

    assert code == 1
    assert "[AZK8S0510]" in err
    assert "The demo did not end as it should" in err
    assert not answers(err)


async def test_ctrl_c_ends_demo_and_sandbox(home: Path, helm4: Path) -> None:
    """Whoever has seen enough is answered with one line and exit code 130."""
    environment = {**os.environ, "HOME": str(home), "ARCCTL_HELM": str(helm4)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *DEMO,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    begun = await asyncio.wait_for(process.stderr.readuntil(b"done     signed in"), 60)
    os.killpg(process.pid, signal.SIGINT)
    _, rest = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 130
    assert b"the demo was stopped; its sandbox is gone   [interrupted]" in rest
    assert not answers(begun.decode())
