"""Plain requests to ARM: what goes over the wire, and what comes back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from arcctl import __version__
from arcctl.errors import AzureError, NotFound
from tests.clients.arm.server import CLUSTER, FOUND, GROUP, HARBOR, SUBSCRIPTION, Azure, Say

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.clients.arm import Arm

CLUSTERS = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters"


def one(name: str) -> dict[str, str]:
    """An element of a list of clusters."""
    return {"id": f"{CLUSTERS}/{name}", "name": name, "location": "eastus"}


async def test_nothing_is_lost_on_the_way_in(azure: Azure, arm: Arm) -> None:
    """Fields that arcctl has never heard of come back as they were sent."""
    body = HARBOR | {"properties": {"futureProp": [{"ä": None}], "n": 1.5}, "new": {}}
    azure.say("GET", CLUSTER, body)

    assert await arm.get(CLUSTER) == body


async def test_nothing_is_lost_on_the_way_out(azure: Azure, arm: Arm) -> None:
    """A body is sent as it is, read-only and unknown fields included."""
    azure.say("POST", f"{CLUSTER}/listClusterUserCredential", {"kubeconfigs": []})

    await arm.post(f"{CLUSTER}/listClusterUserCredential", {"id": "x", "future": {"ü": [None]}})

    assert azure.asked[0].body == '{"id": "x", "future": {"\\u00fc": [null]}}'


async def test_every_request_says_who_asks(azure: Azure, arm: Arm) -> None:
    """Client request id of the command, its echo, our name and JSON are in the headers."""
    azure.say("GET", CLUSTER, FOUND)

    await arm.get(CLUSTER)

    headers = azure.asked[0].headers
    assert (
        headers["x-ms-client-request-id"]
        == "c0ffee00-0000-4000-8000-000000000000"
        == arm.correlation_id
    )
    assert headers["x-ms-return-client-request-id"] == "true"
    assert headers["User-Agent"] == f"arcctl/{__version__}"
    assert headers["Accept"] == "application/json"
    assert azure.asked[0].token == "given-token"


async def test_a_password_in_netrc_does_not_replace_the_token(
    azure: Azure, arm: Arm, home: Path
) -> None:
    """`requests` would prefer a password for the host to our token."""
    (home / ".netrc").write_text("default login someone password else\n", encoding="utf-8")
    (home / ".netrc").chmod(0o600)
    azure.say("GET", CLUSTER, FOUND)

    await arm.get(CLUSTER)

    assert azure.asked[0].token == "given-token"


async def test_odd_names_are_encoded_once(azure: Azure, arm: Arm) -> None:
    """Blanks and letters beyond ASCII become percent codes, `$` and quotes in a query stay."""
    azure.say("GET", "/subscriptions/s/resourcegroups/m%c3%bcnchen%20(a)/resources", {"value": []})

    listing = arm.items(
        "/subscriptions/s/resourceGroups/München (a)/resources",
        query={"$filter": "resourceType eq 'Microsoft.X/y'"},
    )
    assert [each async for each in listing] == []

    path, _, query = azure.targets()[0].partition("?")
    assert path == "/subscriptions/s/resourceGroups/M%C3%BCnchen%20(a)/resources"
    assert query == "api-version=2021-04-01&$filter=resourceType%20eq%20'Microsoft.X%2Fy'"


async def test_a_list_follows_its_links_as_they_were_sent(azure: Azure, arm: Arm) -> None:
    """`nextLink` is not touched, an empty page does not end a list, an empty link does."""
    second = f"{CLUSTERS}?api-version=2024-01-01&$skipToken=a%2Bb*c~%7E'!"
    azure.say(
        "GET",
        CLUSTERS,
        {"value": [one("a")], "nextLink": azure.url + second},
        {"value": [], "nextLink": f"{azure.url}{CLUSTERS}?page=3"},
        {"value": [one("b")], "nextLink": ""},
    )

    assert [each["name"] async for each in arm.items(CLUSTERS)] == ["a", "b"]
    assert azure.targets() == [
        f"{CLUSTERS}?api-version=2026-05-01",
        second,
        f"{CLUSTERS}?page=3",
    ]


async def test_a_list_asks_for_a_page_only_when_it_is_wanted(azure: Azure, arm: Arm) -> None:
    """Items of the first page are there before the second is asked for."""
    azure.say("GET", CLUSTERS, {"value": [one("a"), one("b")], "nextLink": azure.url + CLUSTERS})

    async for _ in arm.items(CLUSTERS):
        break

    assert len(azure.asked) == 1


async def test_a_list_does_not_follow_a_link_to_another_host(azure: Azure, arm: Arm) -> None:
    """The token is never sent to a host that an answer names."""
    azure.say("GET", CLUSTERS, {"value": [], "nextLink": "https://elsewhere.example/next"})

    with pytest.raises(AzureError) as caught:
        [each async for each in arm.items(CLUSTERS)]

    assert caught.value.code == "azure-foreign-host"
    assert "elsewhere.example" in caught.value.message


async def test_find_is_none_for_what_is_not_there(azure: Azure, arm: Arm) -> None:
    """A missing resource and a missing group are None."""
    missing = {"error": {"code": "ResourceGroupNotFound", "message": "no group"}}
    azure.say("GET", CLUSTER, Say(missing, 404))

    assert await arm.find(CLUSTER) is None


async def test_find_does_not_hide_a_wrong_subscription(azure: Azure, arm: Arm) -> None:
    """A subscription that does not exist is an error, not an absent cluster."""
    missing = {"error": {"code": "SubscriptionNotFound", "message": "The subscription is not."}}
    azure.say("GET", CLUSTER, Say(missing, 404))

    with pytest.raises(NotFound, match="The subscription is not") as caught:
        await arm.find(CLUSTER)

    assert caught.value.code == "SubscriptionNotFound"


async def test_exists_asks_with_head(azure: Azure, arm: Arm) -> None:
    """A group's existence is asked without its body: 204 is yes, 404 is no."""
    azure.say("HEAD", GROUP, Say(None, 204), Say(None, 404))

    assert [await arm.exists(GROUP), await arm.exists(GROUP)] == [True, False]
    assert azure.targets("HEAD")[0] == f"{GROUP}?api-version=2021-04-01"


async def test_a_patch_waits_for_its_operation(azure: Azure, arm: Arm) -> None:
    """The newest api-version answers PATCH with 202 and Location; the result is the resource."""
    done = f"{azure.url}/operations/7?x=1"
    azure.say("PATCH", CLUSTER, Say(None, 202, {"Location": done}))
    azure.say("GET", "/operations/7", Say(None, 202), Say(None, 200))
    azure.say("GET", CLUSTER, FOUND | {"tags": {"a": "b"}})

    assert await arm.patch(CLUSTER, {"tags": {"a": "b"}}) == FOUND | {"tags": {"a": "b"}}


async def test_what_is_not_json_is_named(azure: Azure, arm: Arm) -> None:
    """A sign-in page of a captive proxy does not pass for an answer."""
    azure.say("GET", CLUSTER, Say(raw="<html>Welcome to the hotel</html>"))

    with pytest.raises(AzureError, match="not JSON") as caught:
        await arm.get(CLUSTER)

    assert caught.value.code == "azure-not-json"
    assert "Welcome to the hotel" in caught.value.why[0]


async def test_debug_lines_show_no_secret(
    azure: Azure, arm: Arm, caplog: pytest.LogCaptureFixture
) -> None:
    """Method, address, status and time are logged; signatures and tokens are not."""
    azure.say("GET", "/operations/1", {"status": "Succeeded"})
    caplog.set_level(logging.DEBUG, "arcctl.http")

    await arm.get(f"{azure.url}/operations/1?api-version=2026-05-01&s=SIGNED&c=CERTIFICATE")

    [line] = [record.getMessage() for record in caplog.records]
    assert "GET" in line
    assert "/operations/1?api-version=2026-05-01&s=…&c=… 200 " in line
    assert not any(word in line for word in ("SIGNED", "CERTIFICATE", "given-token"))


async def test_the_subscription_in_a_path_is_asked_as_it_is(azure: Azure, arm: Arm) -> None:
    """A list over the whole subscription uses the version of its type."""
    azure.say(
        "GET",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Kubernetes/connectedClusters",
        {"value": []},
    )
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Kubernetes/connectedClusters"

    assert [each async for each in arm.items(path)] == []
    assert azure.targets() == [f"{path}?api-version=2026-05-01"]
