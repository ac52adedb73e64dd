"""Disks fill, servers go away, copies rot: a run refuses before it is too late, and goes on after (design 7)."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from arcctl.errors import AccessError, ArcctlError, ClusterError, Refusal, StoppedPartWay
from arcctl.flow.events import Noted
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.model.run import Entry, Header
from arcctl.operations.keeping.in_cluster import Cabinet, ClusterKeeper
from tests.operations.journaled import MAPS, PLAIN, SECRETS, Break, Place, Put, place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from arcctl.flow.events import Event
    from arcctl.operations.world import World
    from tests.operations.journaled import Machine

HEADER = Header("move-1", "move", "0", "/c")
CUT = (Put("a"), PointOfNoReturn(), Break("b"))


@pytest.fixture
async def somewhere(tmp_path: Path) -> AsyncIterator[Place]:
    """A cluster."""
    async with place(tmp_path) as found:
        yield found


async def stopped(machine: Machine, *moves: Any, **documents: Any) -> str:
    """Begin a run that stops part-way, and return its id."""
    with pytest.raises(StoppedPartWay) as raised:
        await machine.start(*(moves or CUT), **documents)
    return raised.value.hints[0].split()[-1]


def warnings(machine: Machine) -> list[str]:
    """What it has warned of."""
    return [each.text for each in machine.heard if isinstance(each, Noted) and each.warning]


def break_disk(machine: Machine) -> None:
    """Nothing can be written in the state folder any more."""
    shutil.rmtree(machine.state, ignore_errors=True)
    machine.state.write_text("")


class BreakDisk(Put):
    """Does what it does, and the disk fails."""

    def __init__(self, word: str, machine: Machine) -> None:
        super().__init__(word)
        self.machine = machine

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Do it."""
        break_disk(self.machine)
        return await super().do(world, tell)


async def test_a_disk_that_fails_before_the_run_prevents_it(somewhere: Place) -> None:
    """Nothing is left in the cluster but what the next run sweeps."""
    machine = somewhere.machine()
    break_disk(machine)
    with pytest.raises(ArcctlError) as raised:
        await machine.start(*PLAIN)

    assert raised.value.code == "state-folder"
    assert await machine.ask(f"{MAPS}/a") is None
    await somewhere.machine().start(*PLAIN)
    assert await machine.kept() == []


async def test_a_disk_that_fails_before_the_point_of_no_return_stops_the_run(
    somewhere: Place,
) -> None:
    """What follows is not changed."""
    machine = somewhere.machine()
    with pytest.raises(StoppedPartWay) as raised:
        await machine.start(BreakDisk("a", machine), PointOfNoReturn(), Put("b"))

    assert raised.value.code == "state-folder"
    assert await machine.ask(f"{MAPS}/b") is None


async def test_a_disk_that_fails_after_it_is_done_without(somewhere: Place) -> None:
    """Said once."""
    machine = somewhere.machine()
    moves = (Put("a"), PointOfNoReturn(), BreakDisk("b", machine), Put("c"), Put("d"))
    await machine.start(*moves)

    assert await machine.ask(f"{MAPS}/d")
    assert len([each for each in warnings(machine) if "cannot be written" in each]) == 1
    assert await machine.kept() == []


async def test_a_machine_without_a_disk_may_finish_a_run(somewhere: Place) -> None:
    """From the cluster's copy, past the point of no return."""
    run = await stopped(somewhere.machine(), bundle={"x": 1})
    other = somewhere.machine()
    break_disk(other)
    taken = await other.resume(run, *PLAIN)

    assert taken.documents["bundle"] == {"x": 1}
    assert await other.kept() == []


async def test_a_server_that_is_away_for_a_moment_is_waited_for(somewhere: Place) -> None:
    """Which is said, and nothing is changed meanwhile."""
    machine = somewhere.machine()

    class Away(Put):
        async def do(self, world: World, tell: Callable[[str], None]) -> str:
            """Do it, and the server goes away."""
            done = await super().do(world, tell)
            somewhere.away = 1
            return done

    await machine.start(Away("a"), PointOfNoReturn(), Put("b"))

    assert any("trying for 3 min" in each for each in warnings(machine))


async def test_documents_that_cannot_be_kept_leave_nothing(somewhere: Place) -> None:
    """The run was never open; what there is of it goes at once."""
    machine = somewhere.machine()

    def full(when: str, asked: str) -> None:
        if "POST /api/v1/namespaces/arcctl/secrets" in asked:
            raise web.HTTPForbidden

    somewhere.witness = full
    with pytest.raises(AccessError):
        await machine.start(*PLAIN, bundle={"x": 1})

    assert await machine.kept() == []


async def test_a_damaged_journal_in_the_cluster_stands_in_the_way(somewhere: Place) -> None:
    """Nobody knows what that run has changed; the message names the command that drops it."""
    run = await stopped(somewhere.machine())
    await rewrite(somewhere, run, lambda text: text.replace("opened", "op", 1))
    with pytest.raises(Refusal) as raised:
        await somewhere.machine().start(*PLAIN)

    assert raised.value.code == "journal-damaged"
    assert f"arcctl/run={run}" in raised.value.hints[-1]


async def kept(
    somewhere: Place, patience: float, heard: list[Event]
) -> tuple[ClusterKeeper, Cabinet]:
    """A keeper of its own, in namespace arcctl."""
    kubernetes = await somewhere.kubernetes()
    await kubernetes.create("/api/v1/namespaces", {"metadata": {"name": "arcctl"}})
    cabinet = Cabinet(kubernetes, "move-1")
    return ClusterKeeper(cabinet, HEADER, heard.append, patience=patience), cabinet


def entries(count: int) -> list[Entry]:
    """As many, each its own."""
    return [Entry("2026-11-23T07:00:00.000Z", "begun", f"step-{each}") for each in range(count)]


async def test_a_server_that_stays_away_is_given_up(somewhere: Place) -> None:
    """Once with patience; whoever goes on without it is not kept waiting at every step."""
    heard: list[Event] = []
    keeper, cabinet = await kept(somewhere, 0.01, heard)
    somewhere.away = 99
    with pytest.raises(ClusterError):
        await keeper.keep(entries(1))
    asked = somewhere.away
    with pytest.raises(ClusterError):
        await keeper.keep(entries(2))

    assert somewhere.away == asked
    assert len(heard) == 1
    await cabinet.kubernetes.close()


async def test_a_write_whose_answer_was_lost_is_known_as_ones_own(somewhere: Place) -> None:
    """The next write takes it for what it is: the beginning of the same story."""
    keeper, cabinet = await kept(somewhere, 0, [])
    await keeper.keep(entries(1))
    twin = ClusterKeeper(cabinet, HEADER, lambda event: None, patience=0)
    await twin.keep(entries(2))
    await keeper.keep(entries(3))
    record = await cabinet.journal()

    assert record
    assert len(record.entries) == 3
    await cabinet.kubernetes.close()


async def test_what_somebody_else_has_written_stops_it(somewhere: Place) -> None:
    """Another story in the same Secret means another process on the same run."""
    keeper, cabinet = await kept(somewhere, 0, [])
    await keeper.keep(entries(1))
    twin = ClusterKeeper(cabinet, HEADER, lambda event: None, patience=0)
    await twin.keep([*entries(1), Entry("2026-11-23T08:00:00.000Z", "failed", "step-0")])
    with pytest.raises(StoppedPartWay) as raised:
        await keeper.keep(entries(2))

    assert raised.value.code == "run-taken-over"
    await cabinet.kubernetes.close()


async def test_a_large_document_lies_in_parts(somewhere: Place) -> None:
    """And comes back whole on another machine."""
    # What repeats itself would be packed into nothing.
    noise = [format(number * 2654435761 % 2**64, "x") for number in range(260_000)]
    machine = somewhere.machine()
    run = await stopped(machine, bundle={"noise": noise})
    part = f"{SECRETS}/arcctl-run-{run}-bundle-1"
    assert await machine.ask(part)
    taken = await somewhere.machine().resume(run, *PLAIN)

    assert taken.documents["bundle"] == {"noise": noise}
    assert await machine.ask(part) is None


async def test_a_damaged_local_copy_leaves_the_clusters(somewhere: Place) -> None:
    """Which is said; the local one is whole again afterwards."""
    machine = somewhere.machine()
    run = await stopped(machine)
    path = machine.state / "runs" / run / "journal.jsonl"
    path.write_text(path.read_text().replace("opened", "op", 1))
    await machine.resume(run, *PLAIN)

    assert any("damaged; going by the cluster's copy" in each for each in warnings(machine))
    assert '"ended"' in path.read_text().splitlines()[-1]


async def test_a_last_line_that_was_cut_is_left_out(somewhere: Place) -> None:
    """The cluster's copy has it anyway."""
    machine = somewhere.machine()
    run = await stopped(machine)
    path = machine.state / "runs" / run / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    await machine.resume(run, *PLAIN)

    assert any("was cut while it was written" in each for each in warnings(machine))
    assert all(json.loads(line) for line in path.read_text().splitlines())


async def rewrite(somewhere: Place, run: str, change: Callable[[str], str]) -> None:
    """Change the text of the cluster's journal."""
    kubernetes = await somewhere.kubernetes()
    path = f"{SECRETS}/arcctl-run-{run}-journal"
    secret = await kubernetes.get(path)
    text = gzip.decompress(base64.b64decode(secret["data"]["journal"])).decode()
    packed = base64.b64encode(gzip.compress(change(text).encode())).decode()
    await kubernetes.replace(path, secret | {"data": {"journal": packed}})
    await kubernetes.close()


async def test_a_damaged_copy_in_the_cluster_leaves_the_local_one(somewhere: Place) -> None:
    """Which is whole again from the first write on."""
    machine, other = somewhere.machine(), somewhere.machine()
    run = await stopped(machine)
    await rewrite(somewhere, run, lambda text: text.replace("opened", "op", 1))
    with pytest.raises(StoppedPartWay):
        await machine.resume(run, *CUT)
    await other.resume(run, *PLAIN)

    assert await other.kept() == []


async def test_two_damaged_copies_are_refused(somewhere: Place) -> None:
    """With what is wrong in each."""
    machine = somewhere.machine()
    run = await stopped(machine)
    await rewrite(somewhere, run, lambda text: text.replace("opened", "op", 1))
    path = machine.state / "runs" / run / "journal.jsonl"
    path.write_text("x\n" + path.read_text())
    with pytest.raises(Refusal) as raised:
        await machine.resume(run, *PLAIN)

    assert raised.value.code == "journal-damaged"
    assert ["line 2" in raised.value.why[1], "line 1" in raised.value.why[0]] == [True, True]


async def test_a_newer_journal_names_its_version(somewhere: Place) -> None:
    """From a machine that has only the cluster's copy."""
    run = await stopped(somewhere.machine())
    await rewrite(somewhere, run, lambda text: text.replace("journal/1", "journal/2", 1))
    with pytest.raises(Refusal) as raised:
        await somewhere.machine().resume(run, *PLAIN)

    assert raised.value.code == "journal-newer"


async def test_two_machines_that_went_on_are_found_out(somewhere: Place) -> None:
    """The local copy tells another story than the cluster's: a person decides."""
    first, second = somewhere.machine(), somewhere.machine()
    run = await stopped(first)
    path = first.state / "runs" / run / "journal.jsonl"
    with path.open("a") as file:
        file.write('{"at": "2026-11-23T07:00:00.000Z", "kind": "begun", "step": "b"}\n')
    with pytest.raises(StoppedPartWay):
        await second.resume(run, *CUT)
    with pytest.raises(Refusal) as raised:
        await first.resume(run, *PLAIN)

    assert raised.value.code == "journal-diverged"


async def test_a_damaged_document_is_read_from_the_other_place(somewhere: Place) -> None:
    """Its digest tells; without a whole one the run is not taken up."""
    machine = somewhere.machine()
    run = await stopped(machine, bundle={"x": 1})
    path = machine.state / "runs" / run / "bundle.json"
    path.write_text('{"x": 2}')
    with pytest.raises(StoppedPartWay):
        await machine.resume(run, *CUT)
    kubernetes = await somewhere.kubernetes()
    await kubernetes.delete(f"{SECRETS}/arcctl-run-{run}-bundle")
    await kubernetes.close()
    with pytest.raises(Refusal) as raised:
        await machine.resume(run, *PLAIN)

    assert raised.value.code == "document-damaged"
