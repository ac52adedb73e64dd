"""What Azure's errors become: message, code, reasons, hints, exit code (`arm.md` 11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients import arm_errors
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound
from tests.clients.arm.server import CLUSTER, GROUP, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

CORRELATION = {"x-ms-correlation-request-id": "9c1f"}


async def failed(azure: Azure, arm: Arm, status: int, error: Any) -> ArcctlError:
    """Let a GET fail that way and return what was raised."""
    azure.say("GET", CLUSTER, Say({"error": error}, status, CORRELATION))
    with pytest.raises(ArcctlError) as caught:
        await arm.get(CLUSTER)
    return caught.value


async def test_every_error_carries_what_support_asks_for(azure: Azure, arm: Arm) -> None:
    """Correlation id and UTC time are the last line of the reasons."""
    error = await failed(azure, arm, 409, {"code": "Conflict", "message": "It is busy."})

    assert isinstance(error, AzureError)
    assert error.correlation_id == "9c1f"
    assert re.fullmatch(r"correlation id 9c1f, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", error.why[-1])


async def test_without_an_answer_of_its_own_our_id_is_told(azure: Azure, arm: Arm) -> None:
    """Where Azure names no correlation id, the one that was sent is."""
    azure.say("GET", CLUSTER, Say(None, 400))

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)

    assert caught.value.why[-1].startswith("correlation id c0ffee00-0000-4000-8000-000000000000, ")


async def test_details_are_told_once_each(azure: Azure, arm: Arm) -> None:
    """All depths, code and message, no repetition of the headline."""
    deep = {"code": "C", "message": "Third."}
    details = [
        {"code": "A", "message": "First."},
        {"code": "B", "message": "Second.", "details": [deep]},
    ]
    error = await failed(azure, arm, 400, {"code": "Bad", "message": "First.", "details": details})

    assert error.message == "First"
    assert error.why[:-1] == ("B: Second.", "C: Third.")


async def test_old_shapes_of_errors_are_read(azure: Azure, arm: Arm) -> None:
    """Pascal case, bare objects and texts all say what happened."""
    azure.say(
        "GET",
        CLUSTER,
        Say({"Error": {"Code": "Old", "Message": "From long ago."}}, 400),
        Say({"code": "Bare", "message": "Without a frame."}, 400),
        Say({"Message": "Only words."}, 400),
        Say(raw="<html><h1>Bad Request</h1></html>", status=400),
    )
    said = []
    for _ in range(4):
        with pytest.raises(AzureError) as caught:
            await arm.get(CLUSTER)
        said.append((caught.value.code, caught.value.message))

    assert said == [
        ("Old", "From long ago"),
        ("Bare", "Without a frame"),
        ("azure-400", "Only words"),
        ("azure-400", "Bad Request"),
    ]


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.Kubernetes/connectedClusters/write", "Azure Arc Onboarding"),
        ("Microsoft.Kubernetes/connectedClusters/delete", '"Contributor"'),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", '"Contributor"'),
        (
            "Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action",
            "Kubernetes Cluster User Role",
        ),
        ("Microsoft.KubernetesConfiguration/extensions/write", "Kubernetes Extension Contributor"),
    ],
)
async def test_a_missing_right_names_action_scope_and_role(
    azure: Azure, arm: Arm, action: str, role: str
) -> None:
    """The hint is the command that gives the least role that is enough (`arc.md` C2)."""
    message = (
        "The client 'app' with object id 'oid-1' does not have authorization to perform action "
        f"'{action}' over scope '{CLUSTER}' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials."
    )
    error = await failed(azure, arm, 403, {"code": "AuthorizationFailed", "message": message})

    assert isinstance(error, AccessError)
    assert (error.code, error.exit_code) == ("AuthorizationFailed", 4)
    assert error.message == f"not permitted: {action}"
    assert error.why[0] == f"oid-1 may not do this on {CLUSTER}"
    assert role in error.hints[0]
    assert "--assignee oid-1" in error.hints[0]


async def test_another_403_is_an_access_error_too(azure: Azure, arm: Arm) -> None:
    """A message of unknown wording is passed on."""
    error = await failed(azure, arm, 403, {"code": "LinkedAuthorizationFailed", "message": "No."})

    assert isinstance(error, AccessError)
    assert (error.code, error.message) == ("LinkedAuthorizationFailed", "No")


async def test_a_policy_is_named(azure: Azure, arm: Arm) -> None:
    """Assignment and definition that said no are among the reasons; it is no access error."""
    info = {
        "policyAssignmentDisplayName": "Only Europe",
        "policyAssignmentId": "/a/1",
        "policyDefinitionName": "allowed-locations",
        "policyDefinitionId": "/d/2",
    }
    error = await failed(
        azure,
        arm,
        403,
        {
            "code": "RequestDisallowedByPolicy",
            "message": "Resource 'harbor' was disallowed by policy.",
            "additionalInfo": [{"type": "PolicyViolation", "info": info}, {"info": None}],
        },
    )

    assert isinstance(error, AzureError)
    assert error.code == "RequestDisallowedByPolicy"
    assert error.why[:2] == (
        "policy assignment Only Europe (/a/1)",
        "policy definition allowed-locations (/d/2)",
    )


async def test_a_lock_comes_with_the_command_that_lifts_it(azure: Azure, arm: Arm) -> None:
    """The group of the lock is in the hint."""
    message = f"The scope cannot perform delete because scope(s) are locked: '{GROUP}'."
    error = await failed(azure, arm, 409, {"code": "ScopeLocked", "message": message})

    assert error.code == "ScopeLocked"
    assert error.hints[-1] == "az lock delete --name NAME --resource-group edge"


async def test_a_lock_of_the_resource_itself_is_lifted_by_its_id(azure: Azure, arm: Arm) -> None:
    """`az lock delete --resource-group` finds only the group's own; each locked scope has its way."""
    harbor = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/harbor"
    message = (
        f"The scope '{harbor}' cannot perform delete operation because following scope(s) are "
        f"locked: '{harbor}', '/subscriptions/s-1'. Please remove the lock and try again."
    )
    error = await failed(azure, arm, 409, {"code": "ScopeLocked", "message": message})

    assert error.hints == (
        f"az lock list --resource {harbor} -o table",
        f"az lock delete --ids {harbor}/providers/Microsoft.Authorization/locks/NAME",
        "az lock list --subscription s-1 -o table",
        "az lock delete --name NAME --subscription s-1",
    )


async def test_an_unregistered_provider_comes_with_its_remedy(azure: Azure, arm: Arm) -> None:
    """Nothing is registered behind anyone's back; the command is named."""
    message = "The subscription is not registered to use namespace 'Microsoft.Kubernetes'."
    error = await failed(
        azure, arm, 409, {"code": "MissingSubscriptionRegistration", "message": message}
    )

    assert error.hints == ("az provider register --namespace Microsoft.Kubernetes",)
    assert azure.targets("POST") == []


async def test_404_is_not_found(azure: Azure, arm: Arm) -> None:
    """Exit code 3, and Azure's own code."""
    error = await failed(azure, arm, 404, {"code": "ResourceNotFound", "message": "Not there."})

    assert isinstance(error, NotFound)
    assert (error.exit_code, error.code, error.message) == (3, "ResourceNotFound", "Not there")


async def test_an_empty_404_names_the_path(azure: Azure, arm: Arm) -> None:
    """Without a body the path is the message."""
    azure.say("GET", CLUSTER, Say(None, 404))

    with pytest.raises(NotFound, match="connectedClusters/harbor"):
        await arm.get(CLUSTER)


async def test_a_redirect_is_an_error(azure: Azure, arm: Arm) -> None:
    """ARM sends none: somebody stands in between, and is not followed."""
    azure.say("GET", CLUSTER, Say(None, 302, {"Location": "https://portal.hotel.example/"}))

    with pytest.raises(AzureError, match="answered 302 to GET") as caught:
        await arm.get(CLUSTER)

    assert caught.value.code == "azure-302"


async def test_what_it_is_about_is_told(azure: Azure, arm: Arm) -> None:
    """The target of an error is among its reasons."""
    error = await failed(azure, arm, 400, {"code": "Bad", "message": "No.", "target": "tags"})

    assert error.why[0] == "it is about tags"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (
            (
                "Pool(host='a', port=9): Max retries exceeded with url: /x?s=SIG (Caused by "
                "NewConnectionError(\"Connection(host='a', port=9): Failed to establish a new "
                'connection: [Errno 111] Connection refused"))'
            ),
            "Failed to establish a new connection: [Errno 111] Connection refused",
        ),
        (
            "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
            "Connection reset by peer",
        ),
        (
            (
                "Pool(host='a', port=1): Max retries exceeded with url: /x?s=SIG (Caused by "
                "ProxyError('Unable to connect to proxy', OSError('Tunnel failed: 407')))"
            ),
            "the proxy: Tunnel failed: 407",
        ),
        ("cannot read https://a/x?s=SIG now", "cannot read … now"),
    ],
)
def test_a_librarys_words_are_cut_to_the_cause(said: str, cause: str) -> None:
    """No objects, no nesting, and no URL with a signature."""
    assert arm_errors.cause(said) == cause
