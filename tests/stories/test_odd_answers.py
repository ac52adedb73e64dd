"""Answers of odd types, from Azure and the cluster: told in words, whatever is odd and wherever it stands."""

from __future__ import annotations

import itertools
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients import arm_shapes
from arcctl.clients.kubernetes import shapes
from tests.stories import moving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

ODD: tuple[Any, ...] = (None, 7, "text", True, [], ["a"], [7], {}, {"a": 1}, {"a": {"b": []}})
SAMPLE = int(os.environ.get("ARCCTL_TEST_SAMPLE", "4"))
FEW = SAMPLE // 4
HARBOR = "/connectedClusters/harbor$"
READING = (
    "show -n harbor -g edge -o table",
    "show -n harbor -g edge",
    "list -o table",
    "check -n harbor -g edge",
    "move -n harbor -g edge --target-region westus --dry-run",
)


def places(shape: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field that a shape names."""
    if isinstance(shape, dict):
        for key, each in shape.items():
            if isinstance(key, str):
                here = (*above, key.removesuffix("?"))
                yield here
                yield from places(each, here)


def put(place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A patch that puts a value there."""
    for key in reversed(place):
        value = {key: value}
    return dict(value)


def sampled(seed: str, shape: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Some fields with some values; another seed, others."""
    whole = list(itertools.product(places(shape), ODD))
    return random.Random(seed).sample(whole, min(SAMPLE, len(whole)))


def words_only(stage: Stage, lines: tuple[str, ...]) -> None:
    """Type the lines: each ends well or in words."""
    for line in lines:
        ended = stage.type(line)
        assert "AZK8S0001" not in ended.err + ended.out, (line, ended.err)
        assert "Traceback" not in ended.err
        assert ended.code in (0, 1, 2, 3, 5), (line, ended.err)


def pools(*kinds: str) -> dict[str, Any]:
    """The shapes of resource types, by the end of their names."""
    return {each.rpartition("/")[2]: arm_shapes.of(each) for each in kinds}


ATTACHED = pools(
    "microsoft.kubernetesconfiguration/extensions",
    "microsoft.kubernetesconfiguration/fluxconfigurations",
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/locks",
    "microsoft.authorization/policyassignments",
    "microsoft.insights/diagnosticsettings",
)
IN_CLUSTER = {
    each: shapes.of(each)
    for each in ("deployments", "pods", "secrets", "configmaps", "nodes", "namespaces")
}


@pytest.mark.parametrize(
    ("place", "value"),
    sampled("c", arm_shapes.of("microsoft.kubernetes/connectedclusters")),
    ids=repr,
)
def test_an_odd_cluster(harbor: Stage, place: tuple[str, ...], value: Any) -> None:
    """Each field of ARM's answer, in what JSON can hold."""
    patch = put(place, value)
    for way, path in (("patch_body", HARBOR), ("patch_items", "/connectedClusters$")):
        harbor.fault("arm", {way: patch}, method="GET", path=path, times=None)

    words_only(harbor, READING)


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [(kind, *each) for kind, shape in ATTACHED.items() for each in sampled(kind, shape)[:FEW]],
    ids=repr,
)
def test_an_odd_thing_that_hangs_on_it(
    harbor: Stage, kind: str, place: tuple[str, ...], value: Any
) -> None:
    """Children, roles, locks, policies, settings: as the lists of a move show them."""
    moving.attached(harbor)
    action = {"patch_items": put(place, value)}
    harbor.fault("arm", action, method="GET", path=f"(?i)/{kind}$", times=None)

    words_only(harbor, (*READING[-2:], "config export -n harbor -g edge --output-dir out"))


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [(kind, *each) for kind, shape in IN_CLUSTER.items() for each in sampled(kind, shape)[:FEW]],
    ids=repr,
)
def test_an_odd_object_of_the_cluster(
    harbor: Stage, kind: str, place: tuple[str, ...], value: Any
) -> None:
    """As no API server would send it."""
    for way in ("patch_body", "patch_items"):
        action = {way: put(place, value)}
        harbor.fault("kubernetes", action, method="GET", path=f"/{kind}(/[^/]*)?$", times=None)

    words_only(
        harbor, (*READING[1:], "delete -n harbor -g edge --yes", "troubleshoot -n harbor -g edge")
    )


SHOW, PLAN = READING[0], READING[-1]
CHECK = "check -n harbor -g edge"
DELETE = "delete -n harbor -g edge --yes"


@pytest.mark.parametrize(
    ("service", "path", "patch", "line"),
    [
        ("arm", HARBOR, {"location": None}, SHOW),
        ("arm", HARBOR, {"location": 7}, DELETE),
        ("arm", HARBOR, {"tags": ["a"]}, PLAN),
        ("arm", HARBOR, {"identity": "SystemAssigned"}, PLAN),
        ("arm", "/providers/Microsoft.Kubernetes$", {"registrationState": 7}, CHECK),
        ("arm", "/providers/Microsoft.Kubernetes$", {"resourceTypes": 7}, PLAN),
        ("arm", "/providers/Microsoft.Kubernetes$", {"resourceTypes": [7]}, PLAN),
        ("arm", "(?i)/roleAssignments$", {"properties": {"roleDefinitionId": 7}}, PLAN),
        ("arm", "(?i)/locks$", {"properties": ["a"]}, PLAN),
        ("kubernetes", "/deployments$", {"spec": {"replicas": "x"}}, PLAN),
        (
            "kubernetes",
            "/secrets/sh.helm[^/]*$",
            {"data": {"release": "AAAA"}},
            "update -n harbor -g edge --tags a=b --auto-upgrade false",
        ),
        ("kubernetes", "/secrets/sh.helm[^/]*$", {"data": {"release": None}}, DELETE),
        ("kubernetes", "/api/v1/secrets$", {"metadata": {"labels": {"version": "x"}}}, CHECK),
        (
            "kubernetes",
            "/api/v1/secrets$",
            {"metadata": {"labels": {"version": "x"}}},
            "troubleshoot -n harbor -g edge",
        ),
    ],
)
def test_what_was_odd_once(
    harbor: Stage, service: str, path: str, patch: dict[str, Any], line: str
) -> None:
    """Each of these ended as something that arcctl did not expect."""
    moving.attached(harbor)
    for way in ("patch_body", "patch_items"):
        harbor.fault(service, {way: patch}, method="GET", path=path, times=None)

    words_only(harbor, (line,))
