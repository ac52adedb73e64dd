"""The namespace `arcctl` belongs to whoever lives there: arcctl takes away its own, and no more."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model.run import text
from arcctl.operations.keeping import lookup, space
from arcctl.operations.keeping.here import Folder
from arcctl.operations.keeping.in_cluster import Cabinet
from arcctl.operations.runs import taken_up
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.operations.journaled import PLAIN, SECRETS, Place, left_behind, place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SPACE = "/api/v1/namespaces/arcctl"
_POD = {
    "metadata": {"labels": {"app": "mine"}},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}
_JOB_POD = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
THEIRS: dict[str, dict[str, Any]] = {
    f"{SPACE}/configmaps": {},
    f"{SPACE}/secrets": {},
    f"{SPACE}/serviceaccounts": {},
    "/apis/rbac.authorization.k8s.io/v1/namespaces/arcctl/roles": {"rules": []},
    "/apis/coordination.k8s.io/v1/namespaces/arcctl/leases": {"spec": {}},
    "/apis/apps/v1/namespaces/arcctl/deployments": {
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "mine"}},
            "template": _POD,
        }
    },
    "/apis/batch/v1/namespaces/arcctl/cronjobs": {
        "spec": {"schedule": "1 1 1 1 1", "jobTemplate": {"spec": {"template": _JOB_POD}}}
    },
}


@pytest.fixture
async def somewhere(tmp_path: Path) -> AsyncIterator[Place]:
    """A cluster."""
    async with place(tmp_path) as found:
        yield found


@pytest.mark.parametrize("act", ["a run", "a resume with nothing open"])
@pytest.mark.parametrize(("collection", "body"), THEIRS.items())
async def test_what_others_put_into_the_namespace_stays(
    somewhere: Place, collection: str, body: dict[str, Any], act: str
) -> None:
    """Of whatever kind it is; only what is arcctl's own goes."""
    machine = somewhere.machine()
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    await space.ensure(kubernetes)
    await kubernetes.create(collection, {"metadata": {"name": "mine"}, **body})
    if act == "a run":
        await machine.start(*PLAIN)
    else:
        await left_behind(machine, "move-0/dead", 1)
        await space.tidy(kubernetes, take_over=True)
    await clients.close()

    assert await machine.ask(f"{collection}/mine")
    assert set(await machine.kept()) <= {"mine"}


async def test_what_others_put_into_the_namespace_at_the_last_moment_stays(
    somewhere: Place,
) -> None:
    """No look would be late enough, so the namespace itself is never removed."""
    machine = somewhere.machine()
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    kind = KINDS["configmaps"]

    def write(when: str, asked: str) -> None:
        if (when, asked.split()[0]) == ("before", "DELETE"):
            name = f"mine-{len(list(somewhere.cluster.store.items(kind.key, 'arcctl')))}"
            somewhere.cluster.api.create(kind, "arcctl", {"metadata": {"name": name}})

    somewhere.witness = write
    await machine.start(*PLAIN)
    maps = [each async for each in kubernetes.items(f"{SPACE}/configmaps")]
    await clients.close()

    assert len(maps) > 1
    assert await machine.kept() == []


async def test_a_run_that_was_cut_while_it_cleaned_up_is_cleaned_up_elsewhere(
    somewhere: Place,
) -> None:
    """Its documents are gone, and its ending is the last to go."""
    first = somewhere.machine()
    run = await first.start(*PLAIN, clean=True, bundle={"x": 1})
    journal = Folder(first.state / "runs", run).journal()
    assert journal
    clients = first.clients()
    kubernetes = await clients.kubernetes()
    written = gzip.compress(text(journal.header, journal.entries).encode())
    await kubernetes.create(SECRETS, Cabinet(kubernetes, run).body("journal", written))
    await clients.close()
    other = somewhere.machine()
    clients = other.clients()
    found = await lookup.known(clients.settings, await clients.kubernetes())
    await clients.close()
    async with other.world() as world, taken_up(world.clients, run, world.observer) as taken:
        await taken.clear()

    assert lookup.choose(found, None) == run
    assert await other.kept() == []


async def test_tidying_leaves_a_run_alone_that_begins(somewhere: Place) -> None:
    """Its process holds the Lease, and has written no journal yet."""
    machine = somewhere.machine()
    clients = machine.clients()
    kubernetes = await clients.kubernetes()
    await space.ensure(kubernetes)
    await left_behind(machine, "move-0/living", 1)
    labels = {"arcctl/run": "move-0", "arcctl/part": "bundle"}
    await kubernetes.create(SECRETS, {"metadata": {"name": "x", "labels": labels}})
    await space.tidy(kubernetes, take_over=False)
    await clients.close()

    assert await machine.kept() == ["x", "arcctl"]
