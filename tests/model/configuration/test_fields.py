"""Every field of the published models is carried, asked for, dropped as Azure's, or named as lost."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.model.configuration.fields import paths
from arcctl.model.configuration.forms import FORMS
from arcctl.model.configuration.kinds import Kind
from tests.docs import fields
from tests.model import published
from tests.model.configuration.bodies import extension, read

# Writable in the model, and never a person's; each with the reason (`arm.md` 4.2, 8.1).
THE_SERVICES = {
    "properties.statuses": "what the agents report",
    "properties.managementDetails": "what the publisher says of the type",
    "properties.additionalDetails": "links of the publisher",
    "managedBy": "such an extension is another resource's, and left alone whole",
    "properties.configurationProtectedSettings": "names without values; they are given again",
}
CLUSTERS = {
    "properties.provisioningState": "the service's, though the model takes it",
    "properties.arcAgentProfile.agentErrors": "what the agents report",
    "properties.arcAgentryConfigurations.*.protectedSettings": "never shown, held in the cluster",
}
# What recordings of the real service show, and its models leave out (`arm.md` 18).
UNPUBLISHED = {
    "etag",
    "identity.userAssignedIdentities",
    "identity.userAssignedIdentities.*.principalId",
    "identity.userAssignedIdentities.*.clientId",
    *(f"properties.{name}" for name in ("installState", "installedState", "installedVersion")),
    "properties.lastModifiedTime",
}


def roles(kind: Kind) -> dict[str, str]:
    """The role of each field that this arcctl knows."""
    return {path: field.role for path, field in paths(FORMS[kind])}


@pytest.mark.parametrize(
    ("kind", "model"), [(Kind.EXTENSION, published.EXTENSION), (Kind.FLUX, published.FLUX)]
)
def test_every_published_field_of_a_child_has_its_role(kind: Kind, model: Any) -> None:
    """Read-only fields are dropped; the others are sent, given again, or named as lost."""
    known = roles(kind)
    wrong = {}
    for path, read_only in published.paths(model):
        above = [parent for parent in _parents(path) if parent in known]
        role = known.get(path) or known[above[-1]]  # sent or left out with what it is in
        allowed = {"server", "lost"} if read_only else {"sent", "secret", "lost"}
        if role not in allowed and not {path, *above} & THE_SERVICES.keys():
            wrong[path] = role

    assert wrong == {}


def _parents(path: str) -> list[str]:
    steps = path.split(".")
    several = [".".join(steps[:number]) for number in range(1, len(steps))]
    return [each for each in several if not each.endswith("*") and each != "properties"]


@pytest.mark.parametrize(
    ("kind", "model"), [(Kind.EXTENSION, published.EXTENSION), (Kind.FLUX, published.FLUX)]
)
def test_no_field_is_made_up(kind: Kind, model: Any) -> None:
    """What is not published was recorded, and stands in a list of its own."""
    known = {path for path, _ in published.paths(model)}

    assert {*roles(kind)} - known - UNPUBLISHED <= {"managedBy"}


def test_every_published_field_of_a_cluster_is_sent_or_azures() -> None:
    """What a PUT takes is sent as it was read, and nothing that is read-only."""
    fates = fields.cluster()
    read_only = dict(published.paths(published.CLUSTER))
    expected = {
        path: fields.AZURES if read_only[path] or fields.within(path, CLUSTERS) else fields.CARRIED
        for path in fates
    }

    assert fates == expected


def test_identities_of_users_are_sent_by_their_ids() -> None:
    """A GET shows whose they are, a PUT takes the bare ids; both compare equal in any case."""
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/x/Mover"
    shown = {path: {"principalId": "p-2", "clientId": "c-2"}}
    seen = {**extension(), "identity": {"type": "UserAssigned", "userAssignedIdentities": shown}}

    assert read(seen).body["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": {path: {}},
    }
    assert read(seen).not_carried == ()


def test_an_identity_for_aks_is_named_as_lost() -> None:
    """It is for clusters of AKS alone: never sent, and never dropped in silence."""
    child = read(extension(aksAssignedIdentity={"type": "UserAssigned", "resourceId": "/x"}))

    assert "aksAssignedIdentity" not in child.properties
    assert child.not_carried == ("aksAssignedIdentity",)
