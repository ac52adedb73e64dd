"""A run that has stopped part-way: an extension that Azure would not take."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
APPLY = "config apply -n harbor -g edge --file harbor.yaml --yes"
MANIFEST = {
    "format": "arcctl.configuration/1",
    "kind": "extensions",
    "name": "flux",
    "apiVersion": "2025-03-01",
    "body": {"properties": {"extensionType": "microsoft.flux", "autoUpgradeMinorVersion": True}},
}


def refusing(stage: Stage) -> str:
    """Let Azure take no extension, in such a way that nobody knows whether one was taken."""
    error = {"error": {"code": "Conflict", "message": "not today"}}
    action = {"status": 409, "body": error}
    return stage.fault("arm", action, method="PUT", path="/extensions/", times=None)


def half_done(stage: Stage) -> str:
    """Connect harbor, apply an extension that is refused, and return the run's name."""
    (stage.folder / "harbor.yaml").write_text(json.dumps(MANIFEST))
    stage.well(CONNECT)
    refusing(stage)
    ended = stage.type(APPLY)
    stage.within(stage.world.faults.remove)
    assert ended.code == 6, ended.err
    return re.findall(r"arcctl resume ([\w-]+)", ended.err)[0]


def in_cluster(stage: Stage) -> list[str]:
    """The Secrets in which the cluster keeps runs."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key)))
    metadata = [each["metadata"] for each in found]
    return [each["name"] for each in metadata if each["namespace"] == "arcctl"]


def extensions(stage: Stage) -> list[str]:
    """The extensions that Azure knows."""
    keys = stage.within(lambda: list(stage.world.azure.store.resources))
    return [key.rpartition("/")[2] for key in keys if "/extensions/" in key]
