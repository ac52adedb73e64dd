"""An empty or broken answer is no answer: asked for again, then an error, never "there is none"."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.channel import host_of
from arcctl.clients.cloud import find_cloud
from arcctl.clients.data_plane import DataPlane
from arcctl.clients.graph import custom_locations_app
from arcctl.clients.registry import pull
from arcctl.clients.resource_graph import rows
from arcctl.errors import AzureError
from tests.clients.arm.server import CLUSTER, FOUND, SUBSCRIPTION, TENANT, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm
    from arcctl.settings import Settings

LIST = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
SETTINGS = "/dp/azure-arc-k8sagents/GetHelmSettings"
APPS = "/graph/v1.0/servicePrincipals"
UNUSABLE = "azure-unusable-answer"
NOT_JSON = "azure-not-json"

# Nobody can read these, whatever was asked.
UNREADABLE = {
    "an empty body": (Say(), UNUSABLE),
    "a sign-in page": (Say(raw="<html>Welcome</html>"), NOT_JSON),
    "a body cut with its length": (Say(raw='{"value": [{"id": "/a'), NOT_JSON),
    "bytes that are no text": (Say(raw=b"\xff\xfe\x00\xd8"), NOT_JSON),
    "utf-16": (
        Say(raw='{"value": []}'.encode("utf-16"), headers={"Content-Type": "application/json; charset=utf-16"}),
        NOT_JSON,
    ),
    "gzip that is none": (Say(raw="{}", headers={"Content-Encoding": "gzip"}), UNUSABLE),
    "gzip that is cut": (
        Say(raw=gzip.compress(b'{"value": []}')[:-12], headers={"Content-Encoding": "gzip"}),
        None,
    ),
    "a bomb of brackets": (Say(raw="[" * 200_000), NOT_JSON),
    "202": (Say({"value": []}, 202), UNUSABLE),
    "204": (Say(status=204), UNUSABLE),
    "text": (Say("none"), UNUSABLE),
    "a number": (Say(0), UNUSABLE),
    "null": (Say(raw="null"), UNUSABLE),
    "an array": (Say([]), UNUSABLE),
    "an empty object": (Say({}), UNUSABLE),
}  # fmt: skip
NO_PAGES: dict[str, Any] = {
    "value is null": {"value": None},
    "value is an object": {"value": {}},
    "value is text": {"value": ""},
    "elements are no objects": {"value": [None]},
    "nextLink is a number": {"value": [], "nextLink": 7},
    "nextLink is an object": {"value": [], "nextLink": {"href": "x"}},
    "nextLink is no URL": {"value": [], "nextLink": "page 2"},
}
NO_RESOURCES: dict[str, Any] = {
    "no id": {"name": "harbor", "properties": {}},
    "an empty id": {"id": "", "properties": {}},
    "no properties": {"id": CLUSTER},
    "properties is null": {"id": CLUSTER, "properties": None},
    "properties is a list": {"id": CLUSTER, "properties": []},
}


async def listed(arm: Arm) -> list[dict[str, Any]]:
    """All elements of the list that these tests read."""
    return [each async for each in arm.items(LIST)]


BAD_PAGES = UNREADABLE | {name: (Say(body), UNUSABLE) for name, body in NO_PAGES.items()}
BAD_RESOURCES = UNREADABLE | {name: (Say(body), UNUSABLE) for name, body in NO_RESOURCES.items()}


@pytest.mark.parametrize("name", BAD_PAGES)
async def test_a_bad_page_is_asked_for_again(azure: Azure, arm: Arm, name: str) -> None:
    """Once, and the list is whole."""
    azure.say("GET", LIST, BAD_PAGES[name][0], {"value": [{"id": "/a"}]})

    assert await listed(arm) == [{"id": "/a"}]
    assert len(azure.asked) == 2


@pytest.mark.parametrize("name", BAD_PAGES)
async def test_a_list_that_stays_bad_is_an_error(azure: Azure, arm: Arm, name: str) -> None:
    """It is never an empty list; the error has a code, a reason and what to do."""
    bad, code = BAD_PAGES[name]
    azure.say("GET", LIST, bad)

    with pytest.raises(AzureError) as caught:
        await listed(arm)

    assert caught.value.code == (code or caught.value.code)
    assert caught.value.why
    assert caught.value.hints
    assert len(azure.asked) <= 4


async def test_the_second_page_is_held_to_the_same(azure: Azure, arm: Arm) -> None:
    """An empty body in place of page two does not end the list."""
    first = {"value": [{"id": "/a"}], "nextLink": f"{azure.url}{LIST}?page=2"}
    azure.say("GET", LIST, first, Say(), Say(), {"value": [{"id": "/b"}]})

    assert await listed(arm) == [{"id": "/a"}, {"id": "/b"}]


@pytest.mark.parametrize("name", BAD_RESOURCES)
async def test_a_bad_resource_is_neither_there_nor_missing(
    azure: Azure, arm: Arm, name: str
) -> None:
    """Asked for again, and found; if it stays so, an error and not None."""
    azure.say("GET", CLUSTER, BAD_RESOURCES[name][0], FOUND)
    assert await arm.find(CLUSTER) == FOUND

    azure.say_only("GET", CLUSTER, BAD_RESOURCES[name][0])
    with pytest.raises(AzureError):
        await arm.find(CLUSTER)


async def test_what_has_no_properties_need_not_have_them(azure: Azure, arm: Arm) -> None:
    """Subscriptions and providers are documents with an id."""
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Kubernetes"
    azure.say("GET", provider, {"id": provider, "registrationState": "Registered"})
    azure.say("GET", f"/subscriptions/{SUBSCRIPTION}", {"id": f"/subscriptions/{SUBSCRIPTION}"})

    assert (await arm.get(provider))["registrationState"] == "Registered"
    assert await arm.get(f"/subscriptions/{SUBSCRIPTION}")


async def test_a_404_of_somebody_else_is_not_absence(azure: Azure, arm: Arm) -> None:
    """A proxy's page says nothing of the resource."""
    azure.say("GET", CLUSTER, Say(raw="<html>404 Not Found</html>", status=404))

    with pytest.raises(AzureError) as caught:
        await arm.find(CLUSTER)

    assert caught.value.code == UNUSABLE


async def test_an_action_may_say_nothing(azure: Azure, arm: Arm) -> None:
    """A POST that acts, a PUT and a 202 may have no body."""
    azure.say("POST", f"{CLUSTER}/act", Say(status=202))

    assert await arm.post(f"{CLUSTER}/act") == {}


async def test_a_write_that_says_nothing_is_read(azure: Azure, arm: Arm) -> None:
    """A PUT answered by an empty 200 returns the resource as it is."""
    azure.say("PUT", CLUSTER, Say())
    azure.say("GET", CLUSTER, FOUND)

    assert await arm.put(CLUSTER, {}) == FOUND


async def test_a_state_is_not_guessed_from_an_empty_look(azure: Azure, arm: Arm) -> None:
    """Without an operation the resource tells its state; `{}` tells none and is a lost look."""
    begun = FOUND | {"properties": {"provisioningState": "Accepted"}}
    done = FOUND | {"properties": {"provisioningState": "Succeeded"}}
    azure.say("PUT", CLUSTER, Say(begun, 201))
    azure.say("GET", CLUSTER, {}, Say(), begun, done)

    assert await arm.put(CLUSTER, {}) == done


async def test_links_in_a_circle_end(azure: Azure, arm: Arm) -> None:
    """A `nextLink` seen before is an error; today's list would never end."""
    azure.say("GET", LIST, {"value": [], "nextLink": f"{azure.url}{LIST}?page=2"})

    with pytest.raises(AzureError) as caught:
        await listed(arm)

    assert caught.value.code == "azure-unreliable-list"
    assert len(azure.asked) == 2


async def test_pages_without_end_end(azure: Azure, arm: Arm) -> None:
    """Ever new links to empty pages are followed for a while only."""
    links = [f"{azure.url}{LIST}?page={number}" for number in range(80)]
    azure.say("GET", LIST, *({"value": [], "nextLink": link} for link in links))

    with pytest.raises(AzureError) as caught:
        await listed(arm)

    assert caught.value.code == "azure-unreliable-list"


def pages(azure: Azure, *names: str) -> list[dict[str, Any]]:
    """A list in pages, one for each text, one element for each letter."""
    made: list[dict[str, Any]] = [
        {"value": [{"id": f"/{letter}"} for letter in name]} for name in names
    ]
    for number, page in enumerate(made[:-1]):
        page["nextLink"] = f"{azure.url}{LIST}?page={number + 2}"
    return made


async def test_a_page_that_repeats_is_read_again_from_the_start(azure: Azure, arm: Arm) -> None:
    """What was left out in its place is found, and nothing is told twice."""
    azure.say("GET", LIST, *pages(azure, "ab", "AB"), *pages(azure, "ab", "cd"))

    assert [each["id"] async for each in arm.items(LIST)] == ["/a", "/b", "/c", "/d"]


async def test_a_list_that_goes_on_repeating_is_refused(azure: Azure, arm: Arm) -> None:
    """What it leaves out cannot be known."""
    azure.say("GET", LIST, *pages(azure, "ab", "ab") * 3)

    with pytest.raises(AzureError) as caught:
        await listed(arm)

    assert caught.value.code == "azure-unreliable-list"
    assert "/a" in caught.value.why[0]


async def test_what_has_no_id_may_come_twice(azure: Azure, arm: Arm) -> None:
    """Permissions are such a list: two roles may say the same."""
    same = {"actions": ["*"]}
    azure.say("GET", LIST, {"value": [same, same]})

    assert await listed(arm) == [same, same]


def answer(*names: str, total: int | None = None, **more: Any) -> dict[str, Any]:
    """A page of Resource Graph."""
    rows = [{"id": name} for name in names]
    return {"data": rows, "count": len(rows), "totalRecords": total or len(rows), **more}


BAD_ROWS: dict[str, Say] = {name: say for name, (say, _) in UNREADABLE.items()} | {
    name: Say(body)
    for name, body in {
        "data is null": answer() | {"data": None},
        "data is a table": answer() | {"data": {"columns": [], "rows": []}},
        "no numbers": {"data": []},
        "a count of others": answer("a") | {"count": 2},
        "cut off": answer("a", resultTruncated="true"),
        "an odd token": answer("a") | {"$skipToken": 3},
        "fewer than counted": answer("a", total=2),
    }.items()
}


@pytest.mark.parametrize("name", BAD_ROWS)
async def test_resource_graph_is_asked_again(azure: Azure, arm: Arm, name: str) -> None:
    """Once wrong, then right; for ever wrong is an error."""
    azure.say("POST", GRAPH, BAD_ROWS[name], answer("a"))
    assert await rows(arm, "resources") == [{"id": "a"}]

    azure.say_only("POST", GRAPH, BAD_ROWS[name])
    with pytest.raises(AzureError):
        await rows(arm, "resources")


async def test_resource_graph_pages_are_followed_once(azure: Azure, arm: Arm) -> None:
    """Two pages make the whole; a token seen before is an error."""
    first = answer("a", total=2, resultTruncated="true") | {"$skipToken": "t"}
    azure.say("POST", GRAPH, first, answer("b", total=2))
    assert await rows(arm, "resources") == [{"id": "a"}, {"id": "b"}]

    azure.say_only("POST", GRAPH, first)
    with pytest.raises(AzureError) as caught:
        await rows(arm, "resources")
    assert caught.value.code == "azure-unreliable-list"


@pytest.mark.parametrize("name", UNREADABLE)
async def test_settings_that_say_nothing_are_not_empty_settings(
    azure: Azure, arm: Arm, name: str
) -> None:
    """Agents are not installed with no values because an answer was empty."""
    good = {"repositoryPath": "mcr.microsoft.com/x:1", "helmValuesContent": {"a": "b"}}
    azure.say("POST", SETTINGS, UNREADABLE[name][0], good)
    assert (await DataPlane(arm).helm_settings({}, region="eastus")).values == {"a": "b"}

    azure.say_only("POST", SETTINGS, UNREADABLE[name][0])
    with pytest.raises(AzureError):
        await DataPlane(arm).helm_settings({}, region="eastus")


@pytest.mark.usefixtures("with_secret")
@pytest.mark.parametrize("name", [*UNREADABLE, "value is text", "elements are no objects"])
async def test_graph_that_says_nothing_is_graph_that_may_not_be_asked(
    azure: Azure, arm: Arm, name: str
) -> None:
    """None, so that the option is asked for; never a crash."""
    azure.say("GET", APPS, BAD_PAGES[name][0])

    assert await custom_locations_app(arm) is None


@pytest.mark.parametrize(
    "body",
    [
        *(say for say, _ in UNREADABLE.values()),
        Say({"authentication": []}),
        Say(
            {
                "authentication": {"loginEndpoint": "https://x", "audiences": 7},
                "dataplaneEndpoints": [],
            }
        ),
        Say([None, 3]),
    ],
)
async def test_metadata_that_says_nothing_is_told(
    azure: Azure, settings: Settings, body: Say
) -> None:
    """A cloud is never made of half a description, and no answer is a crash."""
    azure.say("GET", "/metadata/endpoints", body)

    if isinstance(body.body, dict) and "loginEndpoint" in json.dumps(body.body):
        assert (await find_cloud(replace(settings, cloud=azure.url))).audience == azure.url
        return
    with pytest.raises(AzureError) as caught:
        await find_cloud(replace(settings, cloud=azure.url))
    assert caught.value.code in {"cloud-metadata", UNUSABLE, NOT_JSON, "azure-unreachable"}


@pytest.mark.usefixtures("with_secret")
@pytest.mark.parametrize(
    "answer",
    [
        *(say for say, _ in UNREADABLE.values()),
        Say({"access_token": "x"}),
        Say({"access_token": 5, "expires_in": "x", "token_type": "Bearer"}),
        Say({"access_token": [], "expires_in": 3600, "token_type": "Bearer"}),
        Say({"access_token": {"a": 1}, "expires_in": 3600, "token_type": "Bearer"}),
        Say({"access_token": 7, "expires_in": 3600, "token_type": "Bearer"}),
        Say(raw="<html>", status=500),
    ],
)
async def test_a_sign_in_that_says_nothing_is_told_in_words(
    azure: Azure, arm: Arm, answer: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not as somebody who is not signed in, not in Python's words, and without a traceback."""
    azure.say("POST", f"/{TENANT}/oauth2/v2.0/token", answer)

    with pytest.raises(AzureError) as caught:
        await arm.identity.token()

    assert caught.value.code == UNUSABLE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_registry_that_says_nothing_is_told(azure: Azure, name: str) -> None:
    """A manifest that nobody can read is an artifact that cannot be fetched."""
    azure.say("GET", "/v2/harbor/manifests/1", UNREADABLE[name][0])

    with pytest.raises(AzureError) as caught:
        await asyncio.to_thread(pull, host_of(azure.url), "harbor", "1")

    assert caught.value.code == "AZK8S0800"


@pytest.mark.parametrize("name", [each for each in UNREADABLE if UNREADABLE[each][0].status == 200])
async def test_an_error_with_any_body_keeps_its_status(azure: Azure, arm: Arm, name: str) -> None:
    """A 400 whose body nobody can read is still a 400."""
    azure.say("GET", CLUSTER, replace(UNREADABLE[name][0], status=400))

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)

    assert caught.value.status == 400 or "gzip" in name
