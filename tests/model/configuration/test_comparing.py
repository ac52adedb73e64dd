"""Two clusters are alike when nothing differs but what must (`arm.md` 8.4)."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.model.configuration.comparing import Comparison, Difference, compare, same
from tests.model.configuration.bodies import (
    extension,
    flux,
    git,
    kustomization,
    read,
    source_control,
)


def between(left: dict[str, Any], right: dict[str, Any], version: str = "") -> Comparison:
    """Compare one with one."""
    return compare([read(left)], [read(right, version)])


def test_what_is_the_same_is_equal() -> None:
    """Whatever the order of the lists."""
    children = [read(extension()), read(flux()), read(source_control())]

    assert compare(children, children[::-1]) == Comparison()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (extension(releaseTrain="Stable"), extension(releaseTrain="stable")),
        (extension(extensionType="Microsoft.Flux"), extension(extensionType="microsoft.flux")),
        (extension(configurationSettings={}), extension(configurationSettings=None)),
        (extension(configurationSettings={"a": ""}), extension(configurationSettings={})),
        (extension(version="1"), extension(version="2")),
        (
            extension(configurationSettings={"w": "/subscriptions/S/x"}),
            extension(configurationSettings={"w": "/Subscriptions/s/X"}),
        ),
        (extension(autoUpgradeMode=None), extension(autoUpgradeMode="compatible")),
        (
            extension(autoUpgradeMinorVersion=False, version="1", autoUpgradeMode="none"),
            extension(autoUpgradeMinorVersion=False, version="1", autoUpgradeMode=None),
        ),
        (flux(sourceKind=None, scope=None), flux()),
        (git(syncIntervalInSeconds=None), git()),
        (git(httpsUser=""), git()),
        (
            flux(kustomizations={"a": kustomization("a", dependsOn=["b", "c"])}),
            flux(kustomizations={"a": kustomization("a", dependsOn=["c", "b"])}),
        ),
        (flux(kustomizations={"a": {}}), flux(kustomizations={"a": kustomization("a", prune=False, path="")})),
        (source_control(operatorParams="--git-readonly"), source_control(operatorParams=None)),
        (source_control(operatorType="flux"), source_control()),
    ],
)  # fmt: skip
def test_spellings_of_the_same_are_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Null, empty and default alike; words and ids in any case; sets in any order."""
    assert between(left, right) == Comparison()
    assert same(read(left), read(right))


@pytest.mark.parametrize(
    ("left", "right", "field"),
    [
        (extension(), extension(releaseTrain="Preview"), "releaseTrain"),
        (extension(), extension(configurationSettings={"a": "2"}), "configurationSettings.a"),
        (extension(), extension(configurationSettings={"A": "1", "a": "1"}), "configurationSettings.A"),
        (
            extension(autoUpgradeMinorVersion=False, version="1"),
            extension(autoUpgradeMinorVersion=False, version="2"),
            "version",
        ),
        (
            extension(),
            extension(scope={"cluster": {"releaseNamespace": "elsewhere"}}),
            "scope.cluster.releaseNamespace",
        ),
        (extension(), extension() | {"identity": None}, "identity.type"),
        (git(), git(repositoryRef={"branch": "next"}), "gitRepository.repositoryRef.branch"),
        (flux(), flux(suspend=True), "suspend"),
        (
            flux(),
            flux(kustomizations={"all": kustomization("all", prune=False)}),
            "kustomizations.all.prune",
        ),
        (flux(kustomizations={"a": {}}), flux(kustomizations={}), "kustomizations.a"),
    ],
)  # fmt: skip
def test_what_was_asked_for_and_differs_is_a_change(
    left: dict[str, Any], right: dict[str, Any], field: str
) -> None:
    """Named by child and field."""
    found = between(left, right)

    assert [(each.child, each.field) for each in found.changed] == [(read(left).key, field)]
    assert not found.equal
    assert not same(read(left), read(right))


def test_what_a_new_resource_always_has_is_expected() -> None:
    """Identity, installed version, deploy key, commit; nothing to fail on."""
    left, right = extension(), extension(currentVersion="3.2.0")
    right["identity"]["principalId"] = "p-2"
    found = compare(
        [read(left), read(flux(repositoryPublicKey="old", sourceSyncedCommitId="a"))],
        [read(right), read(flux(repositoryPublicKey="new", sourceSyncedCommitId="b"))],
    )

    assert found.equal
    assert {each.field for each in found.expected} == {
        "principalId",
        "currentVersion",
        "repositoryPublicKey",
        "sourceSyncedCommitId",
    }


def test_a_configuration_that_is_still_pending_is_expected() -> None:
    """One that was compliant and no longer is, is a change; one that was not, is none."""
    well, broken = flux(), flux(complianceState="Non-Compliant")

    assert between(well, flux(complianceState="Pending")).equal
    assert between(well, broken).changed == (
        Difference("fluxConfigurations/apps", "complianceState", "Compliant", "Non-Compliant"),
    )
    assert between(broken, well).equal
    assert between(broken, broken) == Comparison()


def test_a_child_that_failed_is_a_change() -> None:
    """Though every field of it is as it was."""
    found = between(extension(), extension(provisioningState="Failed"))

    assert [each.field for each in found.changed] == ["provisioningState"]


def test_a_namespace_that_the_service_filled_in_is_expected() -> None:
    """Where none was said, the type's own is shown."""
    found = between(extension(scope=None), extension())

    assert found.equal
    assert [each.field for each in found.expected] == ["scope.cluster.releaseNamespace"]


def test_what_is_missing_and_what_is_new_is_named() -> None:
    """By kind and name; names are the same in any case."""
    found = compare(
        [read(extension("Flux")), read(extension("gone"))],
        [read(extension("flux")), read(flux("new"))],
    )

    assert (found.missing, found.surplus) == (("extensions/gone",), ("fluxConfigurations/new",))
    assert found.changed == ()


def test_what_is_not_ours_is_neither_missing_nor_new() -> None:
    """The service puts its own extensions back by itself."""
    system = read(extension("policy", isSystemExtension=True))

    assert compare([system], []).equal
    assert compare([], [system]).expected == (Difference("extensions/policy", "", None, "there"),)


def test_of_protected_settings_the_names_are_compared() -> None:
    """Of extensions; where one side does not tell, and for sources, nothing can be said."""
    both = extension(configurationProtectedSettings={"a": "", "b": ""})
    found = between(both, extension(configurationProtectedSettings={"a": ""}))

    assert found.changed == (
        Difference("extensions/monitor", "configurationProtectedSettings.b", "set", "not set"),
    )
    assert between(both, extension(configurationProtectedSettings=None)).equal


def test_older_readings_can_be_compared_with_newer_ones() -> None:
    """A version that does not show the mode of upgrades says nothing against its default."""
    older = extension()
    del older["properties"]["autoUpgradeMode"]

    assert between(extension(), older, "2023-05-01").equal


def test_a_comparison_can_be_written_down() -> None:
    """As plain JSON, for scripts and reports."""
    document = between(extension(), extension(releaseTrain="x")).to_document()

    assert document == {
        "equal": False,
        "missing": [],
        "surplus": [],
        "changed": [
            {"child": "extensions/monitor", "field": "releaseTrain", "left": "Stable", "right": "x"}
        ],
        "expected": [],
    }
