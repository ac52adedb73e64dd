"""Bad days that a test can plan (`arm.md` 14.5); each is remembered when it really happened."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientError, ClientPayloadError
from tests.sandbox.azure.client import CLUSTERS, GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client


def plan(world: World, action: dict[str, Any], **match: Any) -> str:
    """Queue a fault of ARM and return its name."""
    return world.faults.add({"service": "arm", "action": action, **match}).id


async def test_an_error_can_take_the_place_of_an_answer(world: World, azure: Client) -> None:
    """The second GET of a cluster is throttled, with Retry-After; the first and third are not."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    error = {"error": {"code": "SubscriptionRequestsThrottled", "message": "slow"}}
    action = {"status": 429, "body": error, "headers": {"Retry-After": "1"}}
    fault = plan(world, action, method="get", path="/harbor$", skip=1)
    answers = [await azure.get(HARBOR) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 429, 200]
    assert answers[1].headers["Retry-After"] == "1"
    assert world.faults.happened(fault) == 1


@pytest.mark.parametrize(("when", "made"), [("before", 404), ("after", 200)])
async def test_a_connection_can_die_around_an_act(
    world: World, azure: Client, when: str, made: int
) -> None:
    """The client hears nothing either way; only the world knows whether it happened."""
    # Twice, as this client tries an idempotent request once more.
    fault = plan(world, {"reset": when}, method="PUT", times=2)
    with pytest.raises((ClientError, ConnectionError)):
        await azure.put(HARBOR, body_of_cluster())

    assert (await azure.get(HARBOR)).status == made
    assert world.faults.happened(fault) >= 1


async def test_an_answer_can_be_cut(world: World, azure: Client) -> None:
    """Half a body, then nothing."""
    fault = plan(world, {"cut": "mid"})
    with pytest.raises(ClientPayloadError):
        await azure.get(f"{SUB}/providers/Microsoft.Kubernetes", version="2021-04-01")

    assert world.faults.happened(fault) == 1


async def test_the_bytes_of_an_answer_can_be_others(world: World, azure: Client) -> None:
    """Any bytes, fewer bytes with a length that agrees, another charset."""
    provider = f"{SUB}/providers/Microsoft.Kubernetes"
    plan(world, {"bytes": "//4=", "headers": {"Content-Type": "text/html"}})
    plan(world, {"truncate": 20})
    plan(world, {"charset": "utf-16"})
    url, other_bytes = f"{azure.base}{provider}?api-version=2021-04-01", []
    token = world.azure.tokens.issue(azure.principal, azure.base)
    for _ in range(4):
        async with azure.session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            other_bytes.append(await answer.read())
    other, short, wide, whole = other_bytes

    assert other == b"\xff\xfe"
    assert short == whole[:20]
    assert wide == whole.decode().encode("utf-16")


async def test_an_answer_can_be_altered(world: World, azure: Client) -> None:
    """Unknown values, unknown fields, headers gone or added, ids in another case."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    patch = {"properties": {"connectivityStatus": "Dreaming", "newer": 1}}
    action = {"patch_body": patch, "drop_header": "ETag", "add_header": {"X-New": "1"}}
    plan(world, action)
    answer = await azure.get(HARBOR)
    assert answer.body["properties"].items() >= patch["properties"].items()
    assert ("ETag" in answer.headers, answer.headers["X-New"]) == (False, "1")

    plan(world, {"patch_items": patch, "mangle_ids": True})
    item = (await azure.get(CLUSTERS)).body["value"][0]
    assert item["properties"]["connectivityStatus"] == "Dreaming"
    assert item["id"] == HARBOR.swapcase()


@pytest.mark.parametrize("form", ["gzip", "chunked"])
async def test_an_answer_can_travel_in_another_form(world: World, azure: Client, form: str) -> None:
    """A client must not mind how the body is sent."""
    fault = plan(world, {form: True})
    answer = await azure.get(GROUP, version="2021-04-01")

    assert answer.body["name"] == "edge"
    assert world.faults.happened(fault) == 1


async def test_an_operation_can_fail_after_some_looks(world: World, azure: Client) -> None:
    """The poll is 200 and the document says Failed, with the inner error."""
    inner = {"polls": 2, "code": "FailedIdentityOperation", "message": "no identity"}
    plan(world, {"operation_fails": inner}, method="PUT")
    made = await azure.put(HARBOR, body_of_cluster())
    url = made.headers["Azure-AsyncOperation"]
    polls = [await azure.get(url) for _ in range(3)]

    assert [poll.body["status"] for poll in polls] == ["Accepted", "Accepted", "Failed"]
    assert polls[-1].body["error"]["code"] == "FailedIdentityOperation"
    assert (await azure.get(HARBOR)).body["properties"]["provisioningState"] == "Failed"


async def test_a_failed_deletion_leaves_the_cluster(world: World, azure: Client) -> None:
    """The resource is as it was before."""
    await azure.put(HARBOR, body_of_cluster())
    plan(world, {"operation_fails": {}}, method="DELETE")
    answer = await azure.delete(HARBOR)
    await azure.get(answer.headers["Location"])

    assert (await azure.get(HARBOR)).body["properties"]["provisioningState"] == "Succeeded"


async def test_an_operation_can_be_stuck(world: World, azure: Client) -> None:
    """It stays Accepted however long one waits."""
    plan(world, {"operation_stuck": True})
    made = await azure.put(HARBOR, body_of_cluster())
    world.clock.advance(24 * 3600)

    poll = await azure.get(made.headers["Azure-AsyncOperation"])
    assert poll.body["status"] == "Accepted"
    assert (await azure.get(HARBOR)).body["properties"]["provisioningState"] == "Accepted"


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("no_async_header", set()),
        ("location_only", {"Location"}),
        ("internal_location", {"Azure-AsyncOperation", "Location"}),
        ("sync", set()),
    ],
)
async def test_an_operation_can_be_told_in_other_ways(
    world: World, azure: Client, action: str, headers: set[str]
) -> None:
    """State in the body only, Location only, a Location nobody reaches, or done at once."""
    plan(world, {action: True}, method="PUT")
    made = await azure.put(HARBOR, body_of_cluster())

    assert {"Azure-AsyncOperation", "Location"} & set(made.headers) == headers
    assert (made.body["properties"]["provisioningState"] == "Succeeded") == (action == "sync")
    assert (".invalid" in made.headers.get("Location", "")) == (action == "internal_location")


async def test_retry_after_is_seconds_or_a_date(world: World, azure: Client) -> None:
    """Both forms that HTTP allows."""
    plan(world, {"retry_after": 3}, method="PUT")
    plan(world, {"retry_after": "date:10"}, method="DELETE")
    made = await azure.put(HARBOR, body_of_cluster())
    gone = await azure.delete(HARBOR)

    assert made.headers["Retry-After"] == "3"
    assert parsedate_to_datetime(gone.headers["Retry-After"]) > world.clock.now()


@pytest.mark.parametrize("name", ["t", "c", "s", "h"])
async def test_the_url_of_an_operation_is_taken_verbatim(azure: Client, name: str) -> None:
    """A poll that leaves out or changes a signed parameter is refused."""
    made = await azure.put(HARBOR, body_of_cluster())
    url = made.headers["Azure-AsyncOperation"]

    assert len(url) > 2000
    assert "*" in url
    assert (await azure.get(url)).status == 200
    assert (await azure.get(url.replace(f"&{name}=", f"&{name}=x"))).status == 403
    assert (await azure.get(url.replace(f"&{name}=", f"&not{name}="))).status == 403


async def test_a_deleted_cluster_can_be_seen_for_a_while(world: World, azure: Client) -> None:
    """Two more reads answer 200 after the deletion is done."""
    await azure.put(HARBOR, body_of_cluster())
    plan(world, {"stale_get": 2})
    await azure.delete(HARBOR)

    assert [(await azure.get(HARBOR)).status for _ in range(3)] == [200, 200, 404]
    assert (await azure.put(HARBOR, body_of_cluster())).status == 201


@pytest.mark.parametrize(
    ("how", "error"), [("claims", "insufficient_claims"), ("expired", "invalid_token")]
)
async def test_a_token_can_expire_in_the_middle(
    world: World, azure: Client, how: str, error: str
) -> None:
    """One 401 with a challenge, with or without claims; the next request is let in."""
    made = await azure.put(HARBOR, body_of_cluster())
    plan(world, {"expire_token": how}, path="operationStatuses")
    url = made.headers["Azure-AsyncOperation"]
    refused = await azure.get(url)

    assert refused.status == 401
    assert f'error="{error}"' in refused.headers["WWW-Authenticate"]
    assert ("claims=" in refused.headers["WWW-Authenticate"]) == (how == "claims")
    assert (await azure.get(url)).status == 200


@pytest.mark.parametrize(
    ("action", "method", "status", "code"),
    [
        ({"forbid": True}, "GET", 403, "AuthorizationFailed"),
        ({"deny_policy": True}, "PUT", 403, "RequestDisallowedByPolicy"),
        ({"lock": "CanNotDelete"}, "DELETE", 409, "ScopeLocked"),
        ({"not_registered": True}, "PUT", 409, "MissingSubscriptionRegistration"),
        ({"status": 504}, "GET", 504, ""),
        ({"status": 502, "body": "<html>bad gateway</html>"}, "GET", 502, ""),
    ],
)
async def test_a_refusal_can_be_planned(
    world: World, azure: Client, action: dict[str, Any], method: str, status: int, code: str
) -> None:
    """Permission, policy, lock, registration; a gateway without a body or with a page."""
    fault = plan(world, action, method=method)
    answer = await azure.ask(method, HARBOR, body_of_cluster() if method == "PUT" else None)

    assert answer.status == status
    assert (answer.code if answer.body else "") == code
    assert world.faults.happened(fault) == 1


async def test_pages_can_be_short(world: World, azure: Client) -> None:
    """A planned page size holds for the whole list."""
    world.azure.plant({"clusters": [{"name": "c", "group": "edge", "count": 5}]})
    plan(world, {"page_size": 2})
    first = await azure.get(CLUSTERS)
    second = await azure.get(first.body["nextLink"])

    assert [len(page.body["value"]) for page in (first, second)] == [2, 2]


async def test_an_older_put_can_spare_what_it_cannot_say(world: World, azure: Client) -> None:
    """By default a PUT by an older api-version loses newer properties; a knob keeps them."""
    profile = {"workloadIdentity": {"enabled": True}}
    await azure.put(HARBOR, body_of_cluster(securityProfile=profile))
    plan(world, {"keep_hidden": True})
    await azure.put(HARBOR, body_of_cluster(), version="2024-01-01")

    assert (await azure.get(HARBOR)).body["properties"]["securityProfile"] == profile


QUOTA = {"error": {"code": "QuotaExceeded", "message": "no more clusters here"}}
REFUSALS: dict[str, dict[str, Any]] = {
    "RequestDisallowedByPolicy": {"deny_policy": True},
    "AuthorizationFailed": {"forbid": True},
    "QuotaExceeded": {"status": 409, "body": QUOTA},
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_target_can_refuse_once_the_source_is_gone(
    world: World, azure: Client, code: str
) -> None:
    """In one region only: the way back to the other one stays open."""
    await azure.put(HARBOR, body_of_cluster())
    fault = plan(world, REFUSALS[code], method="PUT", region="westeurope", times=None)
    await azure.delete(HARBOR)
    refused = await azure.put(HARBOR, body_of_cluster() | {"location": "West Europe"})

    assert refused.code == code
    assert world.faults.happened(fault) == 1
    assert (await azure.get(HARBOR)).status == 404
    assert (await azure.put(HARBOR, body_of_cluster())).status == 201


async def test_faults_are_consumed_in_order(world: World, azure: Client) -> None:
    """Of two plans for the same request the first comes first; each remembers how often."""
    first, second = plan(world, {"status": 500}), plan(world, {"status": 503}, times=2)
    statuses = [(await azure.get(GROUP, version="2021-04-01")).status for _ in range(4)]

    assert statuses == [500, 503, 503, 200]
    assert [world.faults.happened(each) for each in (first, second)] == [1, 2]
    assert world.faults.waiting == []


@pytest.mark.parametrize(
    "nonsense",
    [
        {"service": "nobody", "action": {"status": 500}},
        {"service": "arm"},
        {"service": "arm", "action": {}},
        {"service": "arm", "action": {"operation_fial": {}}},
        {"service": "arm", "action": {"status": 500}, "path": "("},
        {"service": "arm", "action": {"status": 500}, "colour": "red"},
        {"service": "kubernetes", "action": {"status": 500}, "region": "eastus"},
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(
    azure: Client, nonsense: dict[str, Any]
) -> None:
    """A test that plans nonsense hears so, instead of waiting for it."""
    assert (await azure.post("/_sandbox/faults", nonsense)).status == 400


async def test_a_crash_is_an_internal_error_and_remembered(world: World, azure: Client) -> None:
    """A plan whose values make no sense breaks the handler; the client gets 500 and no trace."""
    plan(world, {"page_size": "many"})
    answer = await azure.get(CLUSTERS)

    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert "Traceback" not in answer.text
    assert len(world.crashes) == 1
    world.crashes.clear()
