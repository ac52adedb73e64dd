"""A run is kept in two places, survives its process, and leaves nothing behind (design 7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ClusterError, Refusal, StoppedPartWay
from arcctl.flow.no_return import PointOfNoReturn
from tests.operations.journaled import LEASE, MAPS, PLAIN, Break, Place, Put, place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def somewhere(tmp_path: Path) -> AsyncIterator[Place]:
    """A cluster."""
    async with place(tmp_path) as found:
        yield found


async def test_a_clean_run_leaves_nothing_in_the_cluster(somewhere: Place) -> None:
    """Namespace, Secrets and Lease are gone; the journal stays on this machine."""
    machine = somewhere.machine()
    run = await machine.start(*PLAIN, bundle={"children": []})

    assert await machine.kept() == []
    assert await machine.ask(f"{MAPS}/b")
    folder = machine.state / "runs" / run
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert lines[0]["format"] == "arcctl.journal/1"
    assert [(line["kind"], line.get("step", "")) for line in lines[1:]] == [
        ("opened", ""), ("begun", "a"), ("done", "a"), ("passed", ""),
        ("begun", "b"), ("done", "b"), ("ended", ""),
    ]  # fmt: skip
    assert json.loads((folder / "bundle.json").read_text()) == {"children": []}


async def test_a_run_is_taken_up_elsewhere(somewhere: Place) -> None:
    """From the cluster's copy alone, with its documents; what is done is not done again."""
    with pytest.raises(StoppedPartWay) as raised:
        await somewhere.machine().start(Put("a"), PointOfNoReturn(), Break("b"), bundle={"x": 1})
    run = raised.value.hints[0].split()[-1]
    other = somewhere.machine()
    taken = await other.resume(run, *PLAIN)

    assert taken.documents["bundle"] == {"x": 1}
    assert taken.request == {"to": "b"}
    assert await other.ask(f"{MAPS}/b")
    assert await other.kept() == []


async def test_an_error_before_the_first_change_leaves_nothing(somewhere: Place) -> None:
    """It comes out as it is."""
    machine = somewhere.machine()

    class Refuse(Put):
        async def observe(self, world: object) -> str | None:
            raise Refusal("no")

    with pytest.raises(Refusal, match=r"^no$"):
        await machine.start(Refuse("a"))

    assert await machine.kept() == []


async def test_a_run_that_is_not_clean_stays(somewhere: Place) -> None:
    """Its Secrets are there for whoever wants to know, its Lease is not."""
    machine = somewhere.machine()
    run = await machine.start(*PLAIN, clean=False)

    assert await machine.ask(f"/api/v1/namespaces/arcctl/secrets/arcctl-run-{run}-journal")
    assert await machine.ask(LEASE) is None


async def test_a_run_part_way_keeps_others_out(somewhere: Place) -> None:
    """From another machine too, with the commands to type."""
    with pytest.raises(StoppedPartWay):
        await somewhere.machine().start(Put("a"), Break("b"))
    with pytest.raises(Refusal) as raised:
        await somewhere.machine().start(Put("c"))

    assert raised.value.code == "run-unfinished"
    assert [hint.split("arcctl ")[1].split()[0] for hint in raised.value.hints] == [
        "resume",
        "resume",
        "rollback",
    ]


async def test_an_error_part_way_says_how_to_go_on(somewhere: Place) -> None:
    """Exit code 6, the error's own code, and both ways while there are two."""
    with pytest.raises(StoppedPartWay) as raised:
        await somewhere.machine().start(Put("a"), Break("b"))

    assert raised.value.exit_code == 6
    assert raised.value.code == "broken"
    assert isinstance(raised.value.__cause__, ClusterError)
    assert [hint.split()[1] for hint in raised.value.hints] == ["resume", "rollback"]
