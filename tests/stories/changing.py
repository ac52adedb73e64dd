"""A connected cluster that is to be changed, and what its agents were given."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"
PROXY = "marked-proxy-password"
HARBOR = "-n harbor -g edge"


def connected(stage: Stage) -> None:
    """Harbor in westeurope, by way of a proxy with a password, and with a tag."""
    proxy = f"--proxy-https http://someone:{PROXY}@proxy.example:3128"
    stage.well(f"{CONNECT} {proxy} --tags site=pier7")
    stage.within(stage.world.journal.clear)


def revisions(stage: Stage) -> list[dict[str, Any]]:
    """What helm keeps of the agents' release, decoded, oldest first."""
    secrets = stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key)))
    kept = [
        json.loads(gzip.decompress(base64.b64decode(base64.b64decode(each["data"]["release"]))))
        for each in secrets
        if each["metadata"]["name"].startswith("sh.helm.release.v1.azure-arc.")
    ]
    return sorted(kept, key=lambda each: int(each["version"]))


def deployed(stage: Stage) -> dict[str, Any]:
    """The revision that is deployed."""
    [found] = [each for each in revisions(stage) if each["info"]["status"] == "deployed"]
    return found


def given(stage: Stage) -> dict[str, Any]:
    """The values that the deployed revision was given."""
    values: dict[str, Any] = deployed(stage)["config"]
    return values


def agents(stage: Stage) -> set[str]:
    """The Deployments of the agents."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key)))
    return {
        each["metadata"]["name"] for each in found if "azure-arc" in each["metadata"]["namespace"]
    }


def written(stage: Stage) -> list[str]:
    """What ARM was asked to write."""
    return [method for method in ("PUT", "PATCH", "DELETE") for _ in stage.requests("arm", method)]


def older(stage: Stage) -> None:
    """Harbor as it was with agents of a year ago, which do not upgrade themselves."""
    charts = stage.world.agent_charts
    newest = charts["stable"]
    stage.within(lambda: charts.update(stable=newest.replace("1.36.1", "1.34.2")))
    proxy = f"--proxy-https http://someone:{PROXY}@proxy.example:3128"
    stage.well(f"{CONNECT} {proxy} --disable-auto-upgrade")
    stage.within(lambda: charts.update(stable=newest))
    stage.within(stage.world.journal.clear)


def key(stage: Stage) -> str:
    """A line of the cluster's private key that is no one else's."""
    secret = stage.within(
        lambda: stage.cluster.store.get(
            ("", "secrets"), "azure-arc", "azure-arc-connect-privatekey"
        )
    )
    assert secret
    return base64.b64decode(secret["data"]["privateKey"]).decode().splitlines()[20]
