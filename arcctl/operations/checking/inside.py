"""The way out as the cluster itself finds it: connect's diagnostics job, read as findings.

The one question that writes to the cluster; the job is swept when it has been read.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, ClusterError
from arcctl.flow.runner import run
from arcctl.model.diagnosis import Outcome, read
from arcctl.model.finding import Finding, Verdict
from arcctl.operations.agents.proxy import proxy_of_agents
from arcctl.operations.request import ConnectRequest
from arcctl.operations.steps import diagnostics

if TYPE_CHECKING:
    from arcctl.model.diagnosis import Part
    from arcctl.operations.world import World

# The part of the job's log, the sentence that is printed, and the code where it has none.
_QUESTIONS = {
    "DNS": ("names resolve in the cluster", "AZK8S0301"),
    "outbound": ("Azure can be reached from the cluster", "AZK8S0306"),
    "outbound for cluster connect": ("cluster connect's endpoint can be reached", "AZK8S0307"),
    "sign-in endpoint": ("the sign-in endpoint can be reached from the cluster", "AZK8S0308"),
    "CRD ownership": ("the kinds of Arc belong to Arc", "AZK8S0600"),
}
_VERDICTS = {
    Outcome.PASSED: Verdict.PASS,
    Outcome.WARNED: Verdict.WARN,
    Outcome.FAILED: Verdict.FAIL,
    Outcome.INCOMPLETE: Verdict.SKIP,
    Outcome.NOT_APPLICABLE: Verdict.SKIP,
}
_REMEDIES = {
    "AZK8S0301": "look at the cluster's DNS: kubectl logs -n kube-system -l k8s-app=kube-dns",
    "AZK8S0306": "allow that endpoint on 443, or give the agents a proxy with --proxy-https",
    "AZK8S0307": "allow websockets to *.servicebus.windows.net, or live without cluster connect",
    "AZK8S0308": "allow the sign-in endpoint on 443, or give the agents a proxy",
    "AZK8S0600": "remove the kind that somebody else has defined, or that helm release",
}


async def from_inside(world: World) -> tuple[Finding, ...]:
    """Run the job the way the agents would go out, and return what it found."""
    try:
        cloud = await world.clients.cloud()
        quiet = replace(
            world,
            observer=lambda _event: None,
            environment=cloud.environment,
            domain=cloud.domain,
        )
        log = await _log(quiet)
    except ArcctlError as error:
        return (not_run(error),)
    return judged(log)


async def _log(world: World) -> str:
    cluster = world.cluster
    proxy = await proxy_of_agents(world)
    asked = ConnectRequest(cluster.name, cluster.group, proxy=proxy)
    log = await diagnostics.Diagnose(asked).log(world, lambda _text: None)
    await asyncio.shield(run([diagnostics.Sweep()], world, world.observer))
    return log


def judged(log: str, *, without: str = "") -> tuple[Finding, ...]:
    """Read such a job's log as findings; one part may be none of its business."""
    parts = [part for part in read(log) if part.name != without]
    cut = [part.text for part in parts if part.outcome is Outcome.INCOMPLETE]
    return (*((_broken_off(cut),) if cut else ()), *map(_finding, parts))


def not_run(error: ArcctlError) -> Finding:
    """A job that the cluster did not run is a finding; one that could not be brought is none."""
    ran = isinstance(error, ClusterError) and error.code.startswith("AZK8S060")
    verdict = Verdict.FAIL if ran or error.code == "AZK8S0601" else Verdict.SKIP
    remedy = tuple(hint for hint in error.hints if "--skip-prechecks" not in hint)
    return Finding("the diagnostics job runs", "AZK8S0605", verdict, error.message, remedy, error)


def _broken_off(missing: list[str]) -> Finding:
    """T25: the job came to its end, and did not do all that it was sent for."""
    said = f"its log is incomplete: {missing[0]}"
    return Finding(
        "the diagnostics job tells everything",
        "AZK8S0603",
        Verdict.FAIL,
        said,
        ("free cpu and memory on the nodes, then ask again",),
        ClusterError(said, code="AZK8S0603"),
    )


def _finding(part: Part) -> Finding:
    sentence, code = _QUESTIONS[part.name]
    verdict = _VERDICTS[part.outcome]
    bad = verdict in (Verdict.FAIL, Verdict.WARN)
    remedy = (_REMEDIES[code],) if bad else ()
    return Finding(sentence, part.code or code, verdict, part.text, remedy)
