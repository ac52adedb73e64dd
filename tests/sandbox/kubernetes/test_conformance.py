"""The embedded Kubernetes answers as the real control plane does, call by call."""

from __future__ import annotations

import asyncio
import json
import ssl
from time import monotonic
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import yaml
from tests.cluster import build
from tests.cluster import control_plane as planes
from tests.cluster.resetting import reset
from tests.sandbox.kubernetes.calls import (
    CALLS,
    DIFFERENCES,
    Call,
    body_of,
    differing,
    is_known,
    normal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane
    from tests.sandbox.kubernetes.serving import Served

PATIENCE = 20
Answers = dict[str, tuple[int, Any]]


def read(text: str) -> Any:
    """Read JSON; what is not JSON stays as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


async def answer(
    session: aiohttp.ClientSession, server: str, call: Call, signed: dict[str, str]
) -> tuple[int, Any]:
    """Send a call, again and again where it waits for something, and return the last answer."""
    headers = signed | {"Accept": call.accept}
    data = body_of(call)
    if data is not None:
        headers["Content-Type"] = call.content_type
    deadline = monotonic() + PATIENCE
    while True:
        url = f"{server}{call.path}"
        async with session.request(call.method, url, data=data, headers=headers) as response:
            status, body = response.status, read(await response.text())
        if call.until is None or call.until(body):
            return status, body.get(call.only, body) if call.only else body
        assert monotonic() < deadline, f"{call.name}: {body}"
        await asyncio.sleep(0.05)


async def answers(session: aiohttp.ClientSession, server: str, signed: dict[str, str]) -> Answers:
    """Make every call in order."""
    return {call.name: await answer(session, server, call, signed) for call in CALLS}


@pytest.fixture(scope="module")
def real_server() -> Iterator[ControlPlane]:
    """A real control plane with nothing of another test on it."""
    with planes.running(build.control_plane()) as plane:
        reset(plane)
        yield plane


def signed_in(kubeconfig: Path) -> ssl.SSLContext:
    """Trust the cluster of a kubeconfig and present its client certificate."""
    content = yaml.safe_load(kubeconfig.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    context.load_cert_chain(user["client-certificate"], user["client-key"])
    return context


async def test_every_call_is_answered(served: Served) -> None:
    """All calls of the list run through on the embedded server, and none of them crashes it."""
    token = {"Authorization": f"Bearer {served.cluster.token}"}

    got = await answers(served.session, served.server, token)

    assert len(got) == len(CALLS)
    assert {name for name, (status, _) in got.items() if status >= 500} == {
        "a create with a version"  # the real server answers this one with 500, too
    }


@pytest.mark.cluster
async def test_answers_are_those_of_the_real_control_plane(
    served: Served, real_server: ControlPlane
) -> None:
    """Every answer is the same on both, but for ids, times and the listed differences."""
    token = {"Authorization": f"Bearer {served.cluster.token}"}
    ours = await answers(served.session, served.server, token)
    connector = aiohttp.TCPConnector(ssl=signed_in(real_server.kubeconfig))
    async with aiohttp.ClientSession(connector=connector) as session:
        theirs = await answers(session, real_server.server, {})

    statuses = {name: status for name, (status, _) in ours.items()}
    found = {
        (name, place)
        for name, (_, body) in ours.items()
        for place in differing(normal(body), normal(theirs[name][1]))
    }

    assert statuses == {name: status for name, (status, _) in theirs.items()}
    assert {each for each in found if not is_known(*each)} == set()


def test_every_known_difference_has_a_reason_on_the_page(pytestconfig: pytest.Config) -> None:
    """What differs is not only listed in code: the reference page gives the same reasons."""
    page = pytestconfig.rootpath / "docs" / "reference" / "embedded-kubernetes.md"
    text = " ".join(page.read_text().split())

    assert {each.reason for each in DIFFERENCES if each.reason not in text} == set()
