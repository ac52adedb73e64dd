"""A kubeconfig that leads through the agents: whoever takes it would cut off the branch it sits on."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml
from aiohttp import web
from arcctl.sandbox.kubernetes.routes import Wire
from tests import arm
from tests.clients.serving import serving, tls
from tests.stage import PATIENCE
from tests.stories.moved import MOVE, asleep, kept_in_cluster, region
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from tests.stage import Stage

HASH = hashlib.sha256(arm.HARBOR.lower().encode()).hexdigest()


def session(stage: Stage) -> web.Application:
    """The near end of a session, with the cluster itself in place of the relay."""
    wire, prefix = Wire(stage.cluster), f"/{HASH}"

    async def hand_on(request: web.Request) -> web.StreamResponse:
        url = request.rel_url
        return await wire.answer(
            request.clone(rel_url=url.with_path(url.path[len(prefix) :]).with_query(url.query))
        )

    app = web.Application()
    app.router.add_route("*", f"{prefix}/{{path:.*}}", hand_on)
    return app


@pytest.fixture
def through_the_agents(harbor: Stage) -> Iterator[Stage]:
    """Harbor, and a kubeconfig as `az connectedk8s proxy` writes it."""

    def within(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, harbor.loop).result(PATIENCE)

    authority, stack = trustme.CA(), AsyncExitStack()
    port = within(stack.enter_async_context(serving(session(harbor), tls(authority))))
    config = yaml.safe_load(Path(harbor.sandbox.environment["KUBECONFIG"]).read_text())
    for each in config["clusters"]:
        each["cluster"] = {
            "server": f"https://127.0.0.1:{port}/{HASH}",
            "insecure-skip-tls-verify": True,
        }
    (harbor.folder / "session").write_text(yaml.safe_dump(config))
    yield harbor
    within(stack.aclose())


@pytest.mark.parametrize(
    ("line", "code", "exit_code"),
    [
        ("connect -n harbor -g edge -l eastus --skip-prechecks", "AZK8S0406", 1),
        ("delete -n harbor -g edge --yes", "AZK8S0406", 1),
        (MOVE, "cluster-connect", 5),
        ("update -n harbor -g edge --auto-upgrade false", "AZK8S0406", 1),
        ("upgrade -n harbor -g edge", "AZK8S0406", 1),
        ("disable-features -n harbor -g edge --features cluster-connect --yes", "AZK8S0406", 1),
    ],
    ids=["connect", "delete", "move", "update", "upgrade", "disable-features"],
)
def test_nothing_is_changed_through_the_agents(
    through_the_agents: Stage, line: str, code: str, exit_code: int
) -> None:
    """It is refused while the session still stands, and says which kubeconfig will do."""
    ended = through_the_agents.type(f"{line} --kube-config session")

    refused(ended, code, exit_code=exit_code, said="--kube-config FILE")
    assert changes(through_the_agents) == []
    found = region(through_the_agents), asleep(through_the_agents)
    assert (*found, kept_in_cluster(through_the_agents)) == ("eastus", [], [])


def test_a_session_shows_how_things_stand(through_the_agents: Stage) -> None:
    """Looking is no danger."""
    shown = through_the_agents.well("show -n harbor -g edge --agents --kube-config session -o json")

    names = [each["name"] for each in shown.data["agents"]]
    assert (len(names), names[-2:]) == (13, ["fluxconfig-agent", "fluxconfig-controller"])
