"""What is deployed, read from helm's own record, and whether it is what is aimed at."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from arcctl.model.installed import Aim, Installed, read_record

RELEASE = {
    "version": 3,
    "config": {"global": {"httpsProxy": "http://me:marked@proxy"}},
    "chart": {
        "metadata": {"version": "1.36.1"},
        "values": {"global": {"httpsProxy": "", "noProxy": ""}, "guard": {"enabled": False}},
    },
    "manifest": """---
# Source: agents.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: config-agent, namespace: azure-arc}
spec: {replicas: 2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller-manager, namespace: azure-arc}
spec: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: elsewhere, namespace: default}
spec: {}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: about, namespace: azure-arc}
data: {text: "kind: Deployment"}
""",
}


def record() -> str:
    """The release as the Secret's data holds it."""
    packed = gzip.compress(json.dumps(RELEASE).encode())
    return base64.b64encode(base64.b64encode(packed)).decode()


def installed(*, newest: bool = True) -> Installed:
    """That release."""
    return read_record("azure-arc-release", record(), newest=newest)


def test_a_record_tells_what_was_given_and_what_holds() -> None:
    """The chart's own values are below those that were given."""
    found = installed()

    assert (found.revision, found.version, found.values) == (3, "1.36.1", RELEASE["config"])
    assert found.effective == {
        "global": {"httpsProxy": "http://me:marked@proxy", "noProxy": ""},
        "guard": {"enabled": False},
    }


def test_a_record_tells_which_agents_there_should_be() -> None:
    """By the Deployments of its manifest, of which the cluster's server runs one pod by default."""
    assert installed().agents() == {"config-agent": 2, "controller-manager": 1}


def test_values_are_never_printed() -> None:
    """They hold secrets."""
    aim = Aim("1.36.1", {"global": {"httpsProxy": "marked"}})

    assert "marked" not in f"{installed()} {installed()!r} {aim!r}"


@pytest.mark.parametrize(
    ("version", "change", "newest", "reached"),
    [
        ("1.36.1", {}, True, True),
        ("1.36.1", {"guard": {"enabled": False}}, True, True),
        ("1.36.1", {"guard": {"enabled": True}}, True, False),
        ("1.36.1", {"guard": {"oid": ""}}, True, False),
        ("1.34.2", {}, True, False),
        ("1.36.1", {}, False, False),
    ],
)
def test_an_aim_is_reached_where_helm_need_not_run(
    version: str, change: dict[str, object], newest: bool, reached: bool
) -> None:
    """Same version, same values, and nothing tried since."""
    assert Aim(version, change).reached(installed(newest=newest)) is reached
