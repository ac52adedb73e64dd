"""What can be waited for, and when waiting on makes no sense."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.errors import UsageError
from arcctl.model.condition import CONDITIONS, chosen


def resource(provisioning: str, status: str = "Connecting") -> dict[str, Any]:
    """A connected cluster in these two states."""
    return {"properties": {"provisioningState": provisioning, "connectivityStatus": status}}


@pytest.mark.parametrize(
    ("word", "met", "not_met"),
    [
        ("created", resource("Succeeded"), resource("Accepted")),
        ("created", {}, None),
        ("updated", resource("Succeeded"), resource("Updating")),
        ("connected", resource("Updating", "Connected"), resource("Succeeded", "Offline")),
        ("deleted", None, resource("Deleting")),
    ],
)
def test_a_condition_tells_a_state_from_another(word: str, met: Any, not_met: Any) -> None:
    """A resource without a provisioning state is ready, one that is not there is None."""
    condition = CONDITIONS[word]

    assert (condition.met(met), condition.met(not_met)) == (True, False)


@pytest.mark.parametrize("word", ["created", "connected", "updated"])
@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_what_has_failed_is_not_waited_for(word: str, state: str) -> None:
    """Azure does not try again by itself."""
    assert CONDITIONS[word].given_up(resource(state)) == state
    assert CONDITIONS[word].given_up(resource("Accepted")) is None


def test_an_expired_cluster_never_connects_again() -> None:
    """But it can be created, changed and deleted."""
    expired = resource("Succeeded", "Expired")

    assert [name for name, each in CONDITIONS.items() if each.given_up(expired)] == ["connected"]


@pytest.mark.parametrize(
    ("query", "met"),
    [
        ("connectivityStatus == 'Connected'", True),
        ("totalNodeCount", True),
        ("tags.site", False),
        ("length(name) > `9`", False),
    ],
)
def test_a_query_is_asked_of_what_show_prints(query: str, met: bool) -> None:
    """Flat keys; true, or anything that is not empty."""
    body = {
        "name": "harbor",
        "properties": {"connectivityStatus": "Connected", "totalNodeCount": 3},
    }

    assert chosen([], query).met(body) is met
    assert chosen([], query).met(None) is False


@pytest.mark.parametrize("query", ["a[", "length(tags)"])
def test_a_query_that_cannot_be_asked_is_a_mistake(query: str) -> None:
    """Whether that shows when it is read, or first when it meets a value."""
    with pytest.raises(UsageError, match="bad --custom"):
        chosen([], query).met({"name": "harbor"})


@pytest.mark.parametrize(
    ("words", "query"), [([], None), (["created", "deleted"], None), (["created"], "name")]
)
def test_there_is_exactly_one_condition(words: list[str], query: str | None) -> None:
    """The error names them all."""
    with pytest.raises(UsageError) as caught:
        chosen(words, query)

    assert "--connected, --deleted, --updated, --custom JMESPATH" in caught.value.why[0]
