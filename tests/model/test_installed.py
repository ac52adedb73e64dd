"""What is deployed, read from helm's own record, and whether it is what is aimed at."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from arcctl.errors import ClusterError
from arcctl.model.installed import Aim, Installed, read_record, without_namespace
from arcctl.model.onboarding import Release

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
OF = Release("azure-arc-release", 3, "deployed")


def record(release: object = RELEASE) -> str:
    """The release as the Secret's data holds it."""
    packed = gzip.compress(json.dumps(release).encode())
    return base64.b64encode(base64.b64encode(packed)).decode()


def installed(*, newest: bool = True) -> Installed:
    """That release."""
    return read_record(OF, {"data": {"release": record()}}, newest=newest)


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


def twice(raw: bytes) -> str:
    """Bytes in base64, and once more."""
    return base64.b64encode(base64.b64encode(raw)).decode()


PLACES = ("version", "config", "chart", "chart.metadata", "chart.metadata.version", "chart.values")
ODD = (None, 7, 1.5, "text", True, [], ["a"], {}, {"a": 1})


@pytest.mark.parametrize(
    "secret",
    [
        {},
        {"data": None},
        {"data": {}},
        {"data": {"release": 7}},
        {"data": {"release": "not base64!"}},
        {"data": {"release": "ümläut"}},
        {"data": {"release": twice(b"not gzip")}},
        {"data": {"release": twice(gzip.compress(bytes(65 * 1024 * 1024), 9))}},
        {"data": {"release": twice(gzip.compress(b"no json"))}},
        {"data": {"release": twice(gzip.compress(b"[" * 200_000))}},
        {"data": {"release": twice(gzip.compress(b'{"version": "\\ud800"}'))}},
        *({"data": {"release": record(each)}} for each in ODD),
    ],
)
def test_a_record_that_helm_has_not_written_is_unreadable(secret: dict[str, object]) -> None:
    """Whoever may write Secrets may write anything; it is said what is odd, and nothing is quoted."""
    for read in (
        lambda: read_record(OF, secret, newest=True),
        lambda: without_namespace(OF, secret, "azure-arc"),
    ):
        with pytest.raises(ClusterError) as raised:
            read()
        assert raised.value.code == "release-unreadable"
        assert raised.value.why[0]
        assert raised.value.hints == ("helm history azure-arc -n azure-arc-release",)


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", [*PLACES, "manifest", "config.global"])
def test_an_odd_part_of_a_record_is_read_or_unreadable(place: str, value: object) -> None:
    """Each part that is read, in each sort of JSON."""
    release = json.loads(json.dumps(RELEASE))
    *above, last = place.split(".")
    at = release
    for each in above:
        at = at[each]
    at[last] = value
    error = None
    try:
        read_record(OF, {"data": {"release": record(release)}}, newest=True).agents()
    except ClusterError as raised:
        error = raised

    assert error is None or error.code == "release-unreadable"


@pytest.mark.parametrize("label", ["x", "-1", "1.5", "²", "9" * 10])
def test_a_label_that_is_no_number_is_unreadable(label: str) -> None:
    """The revision is read from it."""
    with pytest.raises(ClusterError, match="cannot be read"):
        Release.read({"namespace": "a", "labels": {"version": label}})
