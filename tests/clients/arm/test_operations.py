"""Long-running operations (`arm.md` 1.1, 2.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.arm import Arm
from arcctl.clients.arm_polling import retry_after
from arcctl.clients.channel import Pace
from arcctl.errors import AzureError
from tests.clients.arm.server import CLUSTER, FOUND, HARBOR, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.cloud import Cloud
    from arcctl.clients.identity import Identity
    from arcctl.settings import Settings

OPERATION = "/providers/Microsoft.Kubernetes/locations/EASTUS/operationStatuses/1f*AB"
SIGNED = f"{OPERATION}?api-version=2026-05-01&t=638&c=MI%2Bx%2F%3D%7E&s=a*b'c&h=~._-"
ACCEPTED: dict[str, Any] = HARBOR | {"properties": {"provisioningState": "Accepted"}}
READY: dict[str, Any] = HARBOR | {"properties": {"provisioningState": "Succeeded"}}
BODY = {"location": "eastus", "properties": {"future": 1}}


def started(azure: Azure, *, status: int = 201, body: Any = ACCEPTED, **headers: str) -> Say:
    """The first answer, with the address of its operation."""
    return Say(body, status, {"Azure-AsyncOperation": azure.url + SIGNED, **headers})


async def test_the_operations_address_is_used_byte_by_byte(azure: Azure, arm: Arm) -> None:
    """Star, tilde and percent codes arrive as they were given, because they are signed."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Accepted"}, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY)

    assert await arm.put(CLUSTER, BODY) == READY
    assert azure.targets("GET")[:2] == [SIGNED, SIGNED]


async def test_the_result_is_read_at_the_end(azure: Azure, arm: Arm) -> None:
    """After the operation the resource itself is asked for, in the version of the PUT."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY | {"odd": [None]})

    assert await arm.put(CLUSTER, BODY) == READY | {"odd": [None]}
    assert azure.targets()[-1] == f"{CLUSTER}?api-version=2026-05-01"
    assert azure.asked[0].body == '{"location": "eastus", "properties": {"future": 1}}'


async def test_202_without_a_body_means_running(azure: Azure, arm: Arm) -> None:
    """A look may answer 200 or 202 while the operation runs."""
    azure.say("PUT", CLUSTER, started(azure, status=202, body=None))
    azure.say("GET", OPERATION, Say(None, 202), Say({"status": "Creating"}, 202))
    azure.say("GET", OPERATION, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY)
    heard: list[str] = []

    assert await arm.put(CLUSTER, BODY, progress=heard.append) == READY
    assert heard == ["InProgress", "Creating", "Succeeded"]


async def test_a_newer_address_supersedes_the_older(azure: Azure, arm: Arm) -> None:
    """A look may say where to look next."""
    moved = f"{azure.url}/operations/second"
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, Say({"status": "Running"}, 200, {"Azure-AsyncOperation": moved}))
    azure.say("GET", "/operations/second", {"status": "succeeded"})
    azure.say("GET", CLUSTER, READY)

    assert await arm.put(CLUSTER, BODY) == READY


@pytest.mark.parametrize("location", ["https://eastus.rp.internal.example/op", "file:///op"])
async def test_an_address_elsewhere_is_never_asked(azure: Azure, arm: Arm, location: str) -> None:
    """An internal Location is passed over, and the resource's own state tells."""
    azure.say("PUT", CLUSTER, Say(ACCEPTED, 201, {"Location": location}))
    azure.say("GET", CLUSTER, ACCEPTED, READY)

    assert await arm.put(CLUSTER, BODY) == READY
    assert {target.partition("?")[0] for target in azure.targets()} == {CLUSTER}


async def test_an_operation_elsewhere_is_never_asked(azure: Azure, arm: Arm) -> None:
    """The same holds for Azure-AsyncOperation: no token goes to another host."""
    header = {"Azure-AsyncOperation": "https://127.0.0.1.example/op"}
    azure.say("PUT", CLUSTER, Say(ACCEPTED, 201, header))
    azure.say("GET", CLUSTER, READY)

    assert await arm.put(CLUSTER, BODY) == READY


async def test_a_put_that_is_done_at_once_asks_no_more(azure: Azure, arm: Arm) -> None:
    """200 with a terminal state, or with none, is the result."""
    azure.say("PUT", CLUSTER, READY, FOUND)

    assert await arm.put(CLUSTER, BODY) == READY
    assert await arm.put(CLUSTER, BODY) == FOUND
    assert azure.targets("GET") == []


async def test_without_waiting_the_first_answer_is_the_result(azure: Azure, arm: Arm) -> None:
    """`wait=False` returns what the PUT answered."""
    azure.say("PUT", CLUSTER, started(azure))

    assert await arm.put(CLUSTER, BODY, wait=False) == ACCEPTED
    assert azure.targets("GET") == []


async def test_whoever_waits_for_the_first_answer_hears_it(azure: Azure, arm: Arm) -> None:
    """`accepted` is told before the operation is done, so that other work can begin."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY)
    heard: list[tuple[dict[str, Any], int]] = []

    await arm.put(CLUSTER, BODY, accepted=lambda first: heard.append((first, len(azure.asked))))

    assert heard == [(ACCEPTED, 1)]


async def test_a_failure_names_its_innermost_cause(azure: Azure, arm: Arm) -> None:
    """The poll answers 200, and the error inside the error inside is what happened."""
    cause = {"code": "KeyRejected", "message": "The public key is not RSA-4096."}
    outer = {"code": "CreateFailed", "message": "Create failed.", "details": [cause]}
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Failed", "error": outer})

    with pytest.raises(AzureError) as caught:
        await arm.put(CLUSTER, BODY)

    assert caught.value.message == "The public key is not RSA-4096"
    assert caught.value.code == caught.value.azure_code == "KeyRejected"
    assert "accepted to write" in caught.value.why[0]


async def test_a_provider_error_wrapped_in_text_is_unwrapped(azure: Azure, arm: Arm) -> None:
    """ARM passes a provider's error on as JSON inside the message."""
    inner = '{"error": {"code": "Deep", "message": "The region is full."}}'
    error = {"code": "Wrapped", "message": inner}
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Failed", "error": error})

    with pytest.raises(AzureError, match=r"^The region is full$") as caught:
        await arm.put(CLUSTER, BODY)

    assert caught.value.code == "Deep"


@pytest.mark.parametrize("status", ["Canceled", "Cancelled", "CANCELED"])
async def test_canceled_is_a_failure_in_any_spelling(azure: Azure, arm: Arm, status: str) -> None:
    """American, British and shouted."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": status})

    with pytest.raises(AzureError) as caught:
        await arm.put(CLUSTER, BODY)

    assert caught.value.code == "OperationFailed"


async def test_a_state_that_failed_without_an_operation_is_a_failure(
    azure: Azure, arm: Arm
) -> None:
    """Where only the resource's state tells, Failed is an error as well."""
    azure.say("PUT", CLUSTER, Say(ACCEPTED, 201))
    azure.say("GET", CLUSTER, HARBOR | {"properties": {"provisioningState": "Failed"}})

    with pytest.raises(AzureError, match="could not write harbor"):
        await arm.put(CLUSTER, BODY)


async def test_a_lost_look_is_not_a_failed_operation(azure: Azure, arm: Arm) -> None:
    """Server errors, cut answers and nonsense in between are looked past."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, *[Say(None, 503) for _ in range(8)], Say(raw="<html>"))
    azure.say("GET", OPERATION, Say({"status": "x" * 99}, cut="mid"), Say(cut="before"))
    azure.say("GET", OPERATION, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY)

    assert await arm.put(CLUSTER, BODY) == READY


async def test_a_record_that_is_late_is_waited_for(azure: Azure, arm: Arm) -> None:
    """404 for the operation while the resource is still being made is looked past."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, Say({}, 404), {"status": "Succeeded"})
    azure.say("GET", CLUSTER, ACCEPTED, READY)

    assert await arm.put(CLUSTER, BODY) == READY


async def test_a_record_that_never_comes_is_an_error(azure: Azure, arm: Arm) -> None:
    """Not for ever, though: a lost operation of a stuck resource is reported."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", CLUSTER, ACCEPTED)

    with pytest.raises(Exception, match="operationstatuses") as caught:
        await arm.put(CLUSTER, BODY)

    assert caught.type.__name__ == "NotFound"


async def test_an_operation_that_never_ends_is_given_up(
    azure: Azure, settings: Settings, cloud: Cloud, identity: Identity
) -> None:
    """The longest wait is bounded, and the error says that nothing else is known."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, {"status": "Accepted"})
    arm = Arm(settings, cloud, identity, pace=Pace(polls=(0.01,), longest=0.03))

    with pytest.raises(AzureError) as caught:
        await arm.put(CLUSTER, BODY)
    await arm.close()

    assert caught.value.code == "azure-still-running"


async def test_a_delete_is_done_when_its_operation_is(azure: Azure, arm: Arm) -> None:
    """The body `null` is ignored, and no resource is asked for at the end."""
    azure.say(
        "DELETE",
        CLUSTER,
        Say(
            raw="null",
            status=202,
            headers={"Azure-AsyncOperation": azure.url + SIGNED, "Location": azure.url + SIGNED},
        ),
    )
    azure.say("GET", OPERATION, {"status": "Deleting"}, {"status": "Succeeded"})
    heard: list[str] = []

    assert await arm.delete(CLUSTER, progress=lambda _: None, accepted=lambda: heard.append("!"))
    assert azure.targets("GET") == [SIGNED, SIGNED]
    assert heard == ["!"]


async def test_an_odd_body_of_a_delete_is_ignored(azure: Azure, arm: Arm) -> None:
    """A forced DELETE answers 200 with a serialized HTTP response that means nothing."""
    odd = {"version": {"major": 1}, "statusCode": 500, "properties": {"provisioningState": "X"}}
    azure.say("DELETE", CLUSTER, odd)

    assert await arm.delete(CLUSTER, query={"forceDelete": "true"})
    assert azure.targets() == [f"{CLUSTER}?forceDelete=true&api-version=2026-05-01"]


async def test_a_delete_without_an_address_waits_until_it_is_gone(azure: Azure, arm: Arm) -> None:
    """202 with an internal Location only: the resource is asked until 404."""
    azure.say("DELETE", CLUSTER, Say(None, 202, {"Location": "https://internal.example/x"}))
    azure.say("GET", CLUSTER, READY, READY, Say({}, 404))

    assert await arm.delete(CLUSTER)
    assert len(azure.targets("GET")) == 3


async def test_a_lost_record_of_a_delete_means_done_when_it_is_gone(azure: Azure, arm: Arm) -> None:
    """404 for the operation and 404 for the resource: deleted."""
    azure.say("DELETE", CLUSTER, started(azure, status=202, body=None))
    azure.say("GET", OPERATION, {"status": "Deleting"}, Say({}, 404))
    azure.say("GET", CLUSTER, READY, Say({}, 404))

    assert await arm.delete(CLUSTER)


async def test_a_delete_that_is_not_awaited_looks_at_nothing(azure: Azure, arm: Arm) -> None:
    """`wait=False` returns after the first answer."""
    azure.say("DELETE", CLUSTER, started(azure, status=202, body=None))

    assert await arm.delete(CLUSTER, wait=False)
    assert azure.targets("GET") == []


GONE = {"error": {"code": "ResourceGroupNotFound", "message": "no group"}}


@pytest.mark.parametrize("say", [Say(None, 204), Say(GONE, 404)])
async def test_deleting_nothing_is_told(azure: Azure, arm: Arm, say: Say) -> None:
    """Nothing there, or not even the group: False, not an error."""
    azure.say("DELETE", CLUSTER, say)

    assert await arm.delete(CLUSTER) is False


async def test_a_404_that_names_nothing_has_deleted_nothing(azure: Azure, arm: Arm) -> None:
    """A proxy may have answered: Azure says what is missing."""
    azure.say("DELETE", CLUSTER, Say(None, 404))

    with pytest.raises(AzureError, match="does not say what is missing"):
        await arm.delete(CLUSTER)


async def test_a_repeated_delete_that_finds_nothing_did_it(azure: Azure, arm: Arm) -> None:
    """The first one was cut after the server acted; the second one's 204 is our doing."""
    azure.say("DELETE", CLUSTER, Say(None, 200, cut="before"), Say(None, 204))

    assert await arm.delete(CLUSTER) is True


def test_retry_after_is_seconds_or_a_date_and_zero_is_none() -> None:
    """A date is read by the server's clock, not by ours."""
    server = datetime(2026, 1, 1, tzinfo=UTC)
    date = format_datetime(server + timedelta(seconds=7), usegmt=True)

    assert retry_after({"Retry-After": "4"}) == 4
    assert retry_after({"Retry-After": "0"}) == 0
    assert retry_after({}) == 0
    assert retry_after({"Retry-After": "soon"}) == 0
    assert retry_after({"Retry-After": "²"}) == 0  # a digit, and no number
    assert retry_after({"Retry-After": date, "Date": format_datetime(server, usegmt=True)}) == 7
    assert retry_after({"Retry-After": date}) == 0


async def test_retry_after_on_a_look_is_obeyed(
    azure: Azure, settings: Settings, cloud: Cloud, identity: Identity
) -> None:
    """The pause that Azure asks for replaces ours: here 1 s counts, where ours is 100 s."""
    azure.say("PUT", CLUSTER, started(azure))
    azure.say("GET", OPERATION, Say({"status": "Running"}, headers={"Retry-After": "1"}))
    azure.say("GET", OPERATION, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, READY)
    arm = Arm(settings, cloud, identity, pace=Pace(polls=(100,), longest=50))

    assert await arm.put(CLUSTER, BODY) == READY
    await arm.close()
