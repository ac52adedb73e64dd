"""Two processes never work on one cluster; a dead one keeps nobody waiting for long (design 7)."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import Interrupted, NotFound, Refusal, StoppedPartWay, UsageError
from arcctl.flow import runner
from arcctl.flow.events import Noted
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.model.run import Entry, Header, Record, text
from arcctl.operations.keeping import lookup, space
from arcctl.operations.keeping.in_cluster import Cabinet
from arcctl.operations.runs import taken_up
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.operations.journaled import (
    HARBOR,
    MAPS,
    PLAIN,
    SECRETS,
    Break,
    Machine,
    Place,
    Put,
    left_behind,
    place,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from arcctl.operations.world import World

SPACE = "/api/v1/namespaces/arcctl"


@pytest.fixture
async def somewhere(tmp_path: Path) -> AsyncIterator[Place]:
    """A cluster."""
    async with place(tmp_path) as found:
        yield found


class Wait(Put):
    """Makes its ConfigMap, says so, and waits for ever."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.reached = asyncio.Event()

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Do it, and wait."""
        await super().do(world, tell)
        self.reached.set()
        await asyncio.Event().wait()
        return ""


async def under_way(machine: Machine, *before: Any) -> asyncio.Task[str]:
    """Begin a run that waits part-way, in a task of its own."""
    wait = Wait("w")
    task = asyncio.create_task(machine.start(*before, wait))
    async with asyncio.timeout(30):
        await wait.reached.wait()
    return task


async def stop(task: asyncio.Task[str]) -> Interrupted:
    """Press Ctrl-C, and return what comes of it."""
    task.cancel()
    with pytest.raises(Interrupted) as raised:
        await task
    return raised.value


async def name_of(machine: Machine) -> str:
    """The only run that this machine knows."""
    [folder] = (machine.state / "runs").iterdir()
    return folder.name


async def stopped(machine: Machine, *moves: Any) -> str:
    """Begin a run that stops part-way, and return its id."""
    with pytest.raises(StoppedPartWay):
        await machine.start(*(moves or (Put("a"), PointOfNoReturn(), Break("b"))))
    return await name_of(machine)


async def test_a_second_run_is_refused_while_one_is_under_way(somewhere: Place) -> None:
    """With what is under way, and since when."""
    first = await under_way(somewhere.machine())
    with pytest.raises(Refusal) as raised:
        await somewhere.machine().start(*PLAIN)
    await stop(first)

    assert raised.value.code == "run-in-progress"
    assert "move of harbor" in raised.value.message


async def test_the_same_run_is_refused_elsewhere_while_it_is_under_way(somewhere: Place) -> None:
    """And on the same machine, before the cluster is asked."""
    machine = somewhere.machine()
    first = await under_way(machine)
    run = await name_of(machine)
    for another in (somewhere.machine(), machine):
        with pytest.raises(Refusal) as raised:
            await another.resume(run, *PLAIN)
        assert raised.value.code == "run-in-progress"
    await stop(first)


async def test_ctrl_c_names_the_way_on_and_lets_go(somewhere: Place) -> None:
    """Exit code 130, and `resume` works at once, elsewhere too."""
    machine = somewhere.machine()
    error = await stop(await under_way(machine))
    run = await name_of(machine)

    assert error.exit_code == 130
    assert error.hints == (f"arcctl resume {run}", f"arcctl rollback {run}")
    await somewhere.machine().resume(run, Put("w"))
    assert await machine.kept() == []


async def test_a_stale_lease_is_taken_over_and_said(somewhere: Place) -> None:
    """A minute after the last sign of life."""
    run = await stopped(somewhere.machine())
    other = somewhere.machine()
    await left_behind(other, f"{run}/dead", 61)
    await other.resume(run, *PLAIN)

    assert any("taken over" in each.text for each in other.heard if isinstance(each, Noted))


async def test_a_lease_left_behind_elsewhere_is_waited_for_unless_one_knows(
    somewhere: Place,
) -> None:
    """`--take-over` says that one knows."""
    run = await stopped(somewhere.machine())
    other = somewhere.machine()
    await left_behind(other, f"{run}/dead", 1)
    with pytest.raises(Refusal) as raised:
        await other.resume(run, *PLAIN)
    assert any("--take-over" in each for each in raised.value.hints)
    await other.resume(run, *PLAIN, take_over=True)

    assert await other.kept() == []


async def test_take_over_is_for_the_same_run_only(somewhere: Place) -> None:
    """Another run's process may be alive for all one knows."""
    run = await stopped(somewhere.machine())
    other = somewhere.machine()
    await left_behind(other, "move-of-somebody-else/x", 1)
    with pytest.raises(Refusal):
        await other.resume(run, *PLAIN, take_over=True)


async def test_a_process_killed_on_this_machine_is_known_to_be_dead(somewhere: Place) -> None:
    """Its lock is free, so its Lease counts for nothing."""
    machine = somewhere.machine()
    run = await stopped(machine)
    holder = (machine.state / "runs" / run / "lock").read_text().split()[-1]
    await left_behind(machine, holder, 1)
    await machine.resume(run, *PLAIN)

    assert await machine.kept() == []


async def test_a_lease_that_is_lost_stops_the_run(somewhere: Place) -> None:
    """At its next word to the journal at the latest."""
    machine = somewhere.machine()

    class Robbed(Put):
        async def do(self, world: World, tell: Callable[[str], None]) -> str:
            """Let somebody else take the run over, and finish it."""
            done = await super().do(world, tell)
            other = somewhere.machine()
            await other.resume(await name_of(machine), Robbed("a"), take_over=True)
            return done

    with pytest.raises(StoppedPartWay) as raised:
        await machine.start(Robbed("a"))

    run = await name_of(machine)
    assert raised.value.code == "run-taken-over"
    assert [each for each in raised.value.hints if "arcctl" in each] == [
        f"how far it is: arcctl history {run}"
    ]


async def test_a_run_that_another_ends_while_it_is_taken_up_is_left_alone(
    somewhere: Place,
) -> None:
    """Of two who take it over at once, the slower one is told so."""
    run = await stopped(somewhere.machine())
    secrets = KINDS["secrets"].key

    def end(when: str, asked: str) -> None:
        if when == "before" and asked.endswith("/leases") and asked.startswith("POST"):
            for each in list(somewhere.cluster.store.items(secrets, "arcctl")):
                somewhere.cluster.store.remove(secrets, "arcctl", each["metadata"]["name"])

    somewhere.witness = end
    with pytest.raises(StoppedPartWay) as raised:
        await somewhere.machine().resume(run, *PLAIN)

    assert (raised.value.code, raised.value.hints) == ("run-taken-over", (f"arcctl history {run}",))


async def test_renamed_steps_stop_a_resume(somewhere: Place) -> None:
    """The version that knows them is named."""
    run = await stopped(somewhere.machine())
    with pytest.raises(StoppedPartWay) as raised:
        await somewhere.machine().resume(run, Put("a"), PointOfNoReturn(), Put("other"))

    assert raised.value.code == "steps-renamed"


async def test_steps_that_are_new_since_do_not_strand_a_run(somewhere: Place) -> None:
    """Only what was begun must be known; the others are still to be done."""
    run = await stopped(somewhere.machine())
    machine = somewhere.machine()

    await machine.resume(run, Put("a"), PointOfNoReturn(), Put("new"), Put("b"))

    assert await machine.ask(f"{MAPS}/new")


async def test_a_run_of_another_cluster_is_refused(tmp_path: Path) -> None:
    """The kubeconfig may lead anywhere; the journal knows where it was begun."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with place(tmp_path / "one") as one, place(tmp_path / "two") as two:
        machine = one.machine()
        run = await stopped(machine)
        lost = Machine(machine.state, two.folder / "config")
        with pytest.raises(Refusal) as raised:
            await lost.resume(run, *PLAIN)

    assert raised.value.code == "wrong-cluster"


async def test_a_cut_before_the_journal_leaves_nothing_behind(somewhere: Place) -> None:
    """Documents without a journal are swept by the next run."""
    machine = somewhere.machine()
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    await space.ensure(kubernetes)
    labels = {"arcctl/run": "move-0", "arcctl/part": "bundle"}
    await kubernetes.create(SECRETS, {"metadata": {"name": "x", "labels": labels}})
    await clients.close()
    await machine.start(*PLAIN)

    assert await machine.kept() == []


async def test_a_cut_before_the_first_change_does_not_stand_in_the_way(somewhere: Place) -> None:
    """The next run sweeps what it left."""
    machine = somewhere.machine()
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    await space.ensure(kubernetes)
    cabinet = Cabinet(kubernetes, "move-0")
    opening = text(
        Header("move-0", "move", "0", HARBOR.path), [Entry("2026-11-23T07:00:00Z", "opened")]
    )
    await kubernetes.create(SECRETS, cabinet.body("journal", gzip.compress(opening.encode())))
    await clients.close()
    await machine.start(*PLAIN)

    assert await machine.kept() == []


async def test_a_run_can_be_taken_back_elsewhere(somewhere: Place) -> None:
    """Before the point of no return, from the cluster's copy."""
    run = await stopped(somewhere.machine(), Put("a"), Break("b"))
    other, moves = somewhere.machine(), (Put("a"), Break("b"))
    async with other.world() as world, taken_up(world.clients, run, world.observer) as taken:
        await runner.undo(moves, world, world.observer, taken.journal)
        await taken.ended("rolled back", clean=True)

    assert await other.ask(f"{MAPS}/a") is None
    assert await other.kept() == []


async def choose(machine: Machine, run: str | None = None) -> str | None:
    """Ask which run is meant."""
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    try:
        return lookup.choose(await lookup.known(clients.settings, kubernetes), run)
    finally:
        await clients.close()


async def test_the_only_unfinished_run_is_meant(somewhere: Place) -> None:
    """Those that have ended are not; a name that is unknown is not found."""
    machine = somewhere.machine()
    await machine.start(*PLAIN)
    assert await choose(machine) is None
    clients = machine.clients()
    await (await clients.kubernetes()).delete(f"{MAPS}/a")
    await clients.close()
    with pytest.raises(StoppedPartWay) as raised:
        await machine.start(Put("a"), Break("c"))
    run = raised.value.hints[0].split()[-1]

    assert await choose(machine) == run
    assert await choose(somewhere.machine()) == run
    with pytest.raises(NotFound):
        await choose(machine, "move-of-nobody")


def test_of_several_each_is_listed() -> None:
    """A person chooses; exit code 2."""
    opened = (Entry("2026-11-23T07:00:00Z", "opened"),)
    runs = {run: Record(Header(run, "move", "0", HARBOR.path), opened) for run in ("m-1", "m-2")}
    with pytest.raises(UsageError) as raised:
        lookup.choose(lookup.Known({}, dict(runs)), None)

    assert raised.value.exit_code == 2
    assert raised.value.hints == ("arcctl resume m-1", "arcctl resume m-2")
    assert "m-1: move of harbor" in raised.value.why[0]


async def test_a_run_that_was_finished_elsewhere_is_not_taken_up_here(somewhere: Place) -> None:
    """What this machine remembers is old: going by it would undo what was done since."""
    first, second = somewhere.machine(), somewhere.machine()
    run = await stopped(first)
    await second.resume(run, *PLAIN)
    assert await choose(first) is None
    with pytest.raises(Refusal) as raised:
        await first.resume(run, *PLAIN)
    assert raised.value.code == "run-gone"
    await first.start(*PLAIN)

    assert await first.kept() == []


async def test_a_namespace_deleted_by_hand_leaves_the_local_copy(somewhere: Place) -> None:
    """For whoever knows that it was."""
    machine = somewhere.machine()
    run = await stopped(machine)
    clients = machine.clients()
    await (await clients.kubernetes()).delete(SPACE)
    await clients.close()
    await machine.resume(run, *PLAIN, take_over=True)

    assert await machine.ask(f"{MAPS}/b")


async def test_runs_of_other_clusters_are_known_as_such(tmp_path: Path) -> None:
    """Nothing is to be resumed here, but there is something elsewhere."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with place(tmp_path / "one") as one, place(tmp_path / "two") as two:
        machine = one.machine()
        run = await stopped(machine)
        clients = Machine(machine.state, two.folder / "config").clients()
        kubernetes = await clients.kubernetes()
        known = await lookup.known(clients.settings, kubernetes)

        assert lookup.choose(known, None) is None
        assert await lookup.of_other_clusters(known, kubernetes) == [run]
        await clients.close()
