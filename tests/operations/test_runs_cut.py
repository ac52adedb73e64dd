"""A run that is killed at any request is taken up from the cluster alone, and nothing is left (design 12)."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from arcctl.operations.keeping import lookup, space
from tests.architecture.source import ROOT
from tests.operations.journaled import MAPS, PLAIN, Machine, Place, place

if TYPE_CHECKING:
    from pathlib import Path


async def begun(somewhere: Place, machine: Machine) -> asyncio.subprocess.Process:
    """Start the small run as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.operations.journaled",
        str(machine.state),
        str(somewhere.folder / "config"),
        cwd=ROOT,
    )


def fresh(folder: Path) -> Path:
    """Make the folder of one case."""
    folder.mkdir()
    return folder


async def requests(folder: Path) -> int:
    """Count the requests of a run that nobody cuts."""
    seen: list[str] = []
    async with place(fresh(folder)) as somewhere:
        somewhere.witness = lambda when, asked: seen.append(asked)
        await somewhere.machine().start(*PLAIN, bundle={"x": 1})
    return len(seen) // 2


async def killed(somewhere: Place, machine: Machine, when: str, at: int) -> bool:
    """Run it and kill it at its request number `at`; tell whether it got there."""
    process = await begun(somewhere, machine)
    seen = 0

    def witness(moment: str, asked: str) -> None:
        nonlocal seen
        seen += moment == when
        if seen == at + 1 and process.returncode is None:
            process.kill()

    somewhere.witness = witness
    code = await process.wait()
    somewhere.witness = lambda when, asked: None
    return code != 0


async def gone_on(machine: Machine) -> None:
    """Do what a person would do: resume; where there is nothing to resume, begin anew."""
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    known = await lookup.known(clients.settings, kubernetes)
    run = lookup.choose(known, None)
    if run is None:
        await space.tidy(kubernetes, take_over=True)
        await machine.start(*PLAIN, bundle={"x": 1})
    else:
        taken = await machine.resume(run, *PLAIN, take_over=True)
        assert taken.documents == {"bundle": {"x": 1}}
    await clients.close()


async def cut(folder: Path, when: str, at: int) -> None:
    """Kill a run at one request, go on elsewhere, and look at what has become of it."""
    async with place(fresh(folder)) as somewhere:
        assert await killed(somewhere, somewhere.machine(), when, at)
        other = somewhere.machine()
        await gone_on(other)

        assert await other.ask(f"{MAPS}/a"), f"{when} {at}"
        assert await other.ask(f"{MAPS}/b"), f"{when} {at}"
        assert await other.kept() == [], f"{when} {at}"


async def test_a_run_that_is_killed_is_taken_up(tmp_path: Path) -> None:
    """A sample of the cuts, before and after the server acts."""
    count = await requests(tmp_path / "whole")
    for at in range(0, count, 6):
        await cut(tmp_path / str(at), "after" if at % 12 else "before", at)

    assert count > 12


@pytest.mark.matrix
async def test_a_run_that_is_killed_anywhere_is_taken_up(tmp_path: Path) -> None:
    """At every request, before and after the server acts."""
    count = await requests(tmp_path / "whole")
    for when in ("before", "after"):
        for at in range(count):
            await cut(tmp_path / f"{when}-{at}", when, at)

    assert count > 12
