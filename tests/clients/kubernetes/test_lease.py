"""A Lease keeps a second run off a cluster, and is lost only to somebody (design 7)."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.kubernetes.lease import Lease, living
from arcctl.errors import Refusal, StoppedPartWay
from tests.operations.journaled import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from arcctl.clients.kubernetes import Kubernetes

PATH = "/apis/coordination.k8s.io/v1/namespaces/default/leases/arcctl"


@pytest.fixture
async def kubernetes(tmp_path: Path) -> AsyncIterator[Kubernetes]:
    """A client of a small cluster."""
    async with place(tmp_path) as somewhere:
        client = await somewhere.kubernetes()
        yield client
        await client.close()


def lease(kubernetes: Kubernetes, holder: str, seconds: int = 60) -> Lease:
    """A Lease as one process wants it."""
    return Lease(kubernetes, PATH, holder, about="move of harbor", seconds=seconds)


async def age(kubernetes: Kubernetes, seconds: int) -> None:
    """Make the last sign of life older."""
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    found = await kubernetes.get(PATH)
    found["spec"]["renewTime"] = then.isoformat(timespec="microseconds").replace("+00:00", "Z")
    await kubernetes.replace(PATH, found)


async def holder(kubernetes: Kubernetes) -> str:
    """Who holds it, as the cluster says."""
    found = await kubernetes.find(PATH)
    return str(found["spec"]["holderIdentity"]) if found else ""


async def test_whoever_comes_second_is_refused(kubernetes: Kubernetes) -> None:
    """Told who, what, since when, and what to type."""
    await lease(kubernetes, "run-1/x").take()
    with pytest.raises(Refusal) as raised:
        await lease(kubernetes, "run-2/y").take()

    assert raised.value.code == "run-in-progress"
    assert "move of harbor" in raised.value.message
    assert f"under way on {socket.gethostname()} since 20" in raised.value.message
    assert raised.value.why[0].startswith("run run-1, last sign of life")
    assert any("arcctl resume run-1 " in each for each in raised.value.hints)


async def test_others_see_it_as_long_as_it_lives(kubernetes: Kubernetes) -> None:
    """And not where its process is known to be dead, or has let go."""
    mine = lease(kubernetes, "run-1/x")
    await mine.take()

    seen = await living(kubernetes, PATH)
    assert seen
    assert seen.message.startswith("a move of harbor is under way on ")
    assert await living(kubernetes, PATH, lambda holder: holder == "run-1/x") is None
    await mine.release()
    assert await living(kubernetes, PATH) is None


async def test_the_same_run_from_elsewhere_is_refused_too(kubernetes: Kubernetes) -> None:
    """The process is what holds it, not the run."""
    await lease(kubernetes, "run-1/x").take()
    with pytest.raises(Refusal):
        await lease(kubernetes, "run-1/y").take()


async def test_one_that_gives_no_sign_of_life_is_pushed_aside(kubernetes: Kubernetes) -> None:
    """After its time, and not before; who it was is told."""
    await lease(kubernetes, "run-1/x").take()
    await age(kubernetes, 50)
    with pytest.raises(Refusal):
        await lease(kubernetes, "run-2/y").take()
    await age(kubernetes, 61)

    assert await living(kubernetes, PATH) is None
    assert await lease(kubernetes, "run-2/y").take() == "run-1/x"
    assert await holder(kubernetes) == "run-2/y"


async def test_one_that_is_known_to_be_dead_is_pushed_aside_at_once(
    kubernetes: Kubernetes,
) -> None:
    """Whoever knows it says so."""
    await lease(kubernetes, "run-1/x").take()

    assert await lease(kubernetes, "run-1/y").take(dead=lambda who: who == "run-1/x") == "run-1/x"


async def test_taking_it_twice_is_taking_it(kubernetes: Kubernetes) -> None:
    """The answer to the first may have been lost."""
    await lease(kubernetes, "run-1/x").take()

    assert await lease(kubernetes, "run-1/x").take() == ""


async def test_letting_go_lets_the_next_in_at_once(kubernetes: Kubernetes) -> None:
    """And takes nothing from somebody else."""
    first, second = lease(kubernetes, "run-1/x"), lease(kubernetes, "run-2/y")
    await first.take()
    await first.release()
    assert await second.take() == ""
    await first.release()

    assert await holder(kubernetes) == "run-2/y"


async def test_signs_of_life_are_given(kubernetes: Kubernetes) -> None:
    """The time moves on, the holder stays."""
    mine = lease(kubernetes, "run-1/x")
    await mine.take()
    before = await kubernetes.get(PATH)
    await mine.renew()
    after = await kubernetes.get(PATH)

    assert after["spec"]["renewTime"] > before["spec"]["renewTime"]
    assert after["spec"]["acquireTime"] == before["spec"]["acquireTime"]


async def test_a_lease_that_somebody_deleted_is_made_again(kubernetes: Kubernetes) -> None:
    """Nobody else holds it, so nothing is lost."""
    mine = lease(kubernetes, "run-1/x")
    await mine.take()
    await kubernetes.delete(PATH)
    await mine.renew()

    assert await holder(kubernetes) == "run-1/x"


async def test_one_taken_away_stops_the_block(kubernetes: Kubernetes) -> None:
    """In the midst of whatever it does, with the name of who has it; theirs is left alone."""
    mine = lease(kubernetes, "run-1/x", seconds=1)
    await mine.take()

    async def robbed() -> None:
        async with asyncio.timeout(30), mine.held():
            await lease(kubernetes, "run-2/y").take(dead=lambda who: True)
            await asyncio.Event().wait()

    with pytest.raises(StoppedPartWay) as raised:
        await robbed()

    assert raised.value.code == "lease-lost"
    assert "run-2/y" in raised.value.why[0]
    assert await holder(kubernetes) == "run-2/y"


async def test_the_end_of_the_block_lets_go(kubernetes: Kubernetes) -> None:
    """Also when it ends badly."""
    mine = lease(kubernetes, "run-1/x")
    await mine.take()
    with pytest.raises(KeyError):
        async with mine.held():
            raise KeyError("x")

    assert await holder(kubernetes) == ""


async def test_whoever_has_slept_while_it_went_away_has_lost_it(kubernetes: Kubernetes) -> None:
    """A laptop that was closed must not go on with what another has finished."""
    slept = lease(kubernetes, "run-1/x", seconds=1)
    await slept.take()
    await kubernetes.delete(PATH)
    with pytest.raises(StoppedPartWay, match="slept too long") as raised:
        await slept.renew(surely=True)

    assert raised.value.code == "lease-lost"
    assert await kubernetes.find(PATH) is None


async def test_whoever_was_awake_takes_it_again(kubernetes: Kubernetes) -> None:
    """Somebody has deleted it by hand; nobody can have gone on in so short a time."""
    awake = lease(kubernetes, "run-1/x")
    await awake.take()
    await kubernetes.delete(PATH)
    await awake.renew()

    assert await holder(kubernetes) == "run-1/x"


async def test_one_that_somebody_has_edited_is_still_renewed(kubernetes: Kubernetes) -> None:
    """Its times are gone; the next sign of life has both."""
    mine = lease(kubernetes, "run-1/x")
    await mine.take()
    found = await kubernetes.get(PATH)
    found["spec"] |= {"acquireTime": None, "renewTime": None}
    await kubernetes.replace(PATH, found)

    await mine.renew()

    spec = (await kubernetes.get(PATH))["spec"]
    assert (spec["holderIdentity"], bool(spec["acquireTime"] and spec["renewTime"])) == (
        "run-1/x",
        True,
    )


@pytest.mark.parametrize("rounds", range(12))
async def test_who_is_stopped_on_the_way_out_lets_go(kubernetes: Kubernetes, rounds: int) -> None:
    """At whatever point between the end of the work and the Lease being gone; the work counts."""
    inside = asyncio.Event()

    async def work() -> None:
        mine = lease(kubernetes, "/x")
        await mine.take()
        async with mine.held():
            inside.set()

    task = asyncio.create_task(work())
    await inside.wait()
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    await task

    assert await holder(kubernetes) == ""


@pytest.mark.parametrize("seconds", [0, 0.001, 0.003, 0.01, 0.03])
async def test_who_is_stopped_while_taking_it_holds_nothing(
    kubernetes: Kubernetes, seconds: float
) -> None:
    """What is on its way is waited for, and taken back."""
    mine = lease(kubernetes, "/x")
    task = asyncio.create_task(mine.take())
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
        await mine.release()

    assert await holder(kubernetes) == ""
