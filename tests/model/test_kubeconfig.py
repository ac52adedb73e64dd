"""A kubeconfig takes a session's entries, and keeps all else, word for word where it can."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from arcctl.errors import ClusterError
from arcctl.model import kubeconfig

SESSION: dict[str, Any] = {
    "clusters": [{"name": "harbor", "cluster": {"server": "https://127.0.0.1:47011/x"}}],
    "users": [{"name": "harbor", "user": {"token": "t"}}],
    "contexts": [{"name": "harbor", "context": {"cluster": "harbor", "user": "harbor"}}],
    "current-context": "harbor",
}
MINE = """\
# mine
apiVersion: v1
kind: Config
current-context: dev   # where I work
clusters:
# the first
- name: dev
  cluster:
    server: https://dev.example
# an old session
- cluster: {server: "https://127.0.0.1:1"}
  name: harbor

# people
users: []
contexts:
  - context: {cluster: dev, user: me}
    name: dev
  # last words
preferences: {colors: true}
"""


def names(config: dict[str, Any], section: str) -> list[str]:
    """The names in one of its lists."""
    return [each["name"] for each in config[section]]


def test_entries_come_in_and_comments_stay() -> None:
    """A same-named entry is replaced in its place; the others are not touched."""
    text = kubeconfig.merged(MINE, SESSION)
    config = yaml.safe_load(text)

    assert (names(config, "clusters"), names(config, "contexts")) == (
        ["dev", "harbor"],
        ["dev", "harbor"],
    )
    assert config["clusters"][1] == SESSION["clusters"][0]
    assert (config["current-context"], config["preferences"]) == ("harbor", {"colors": True})
    assert [
        line for line in MINE.splitlines() if "#" in line and line.split("#")[1] not in text
    ] == []


def test_a_second_time_changes_nothing() -> None:
    """The same session over itself is the same file."""
    once = kubeconfig.merged(MINE, SESSION)

    assert kubeconfig.merged(once, SESSION) == once


@pytest.mark.parametrize(
    "text",
    [
        "",
        "apiVersion: v1\nkind: Config\nclusters: null\nusers:\ncontexts: []\ncurrent-context: ''",
        "apiVersion: v1\nkind: Config",
        "kind: Config\nclusters: []\n",
        "a: &x {name: b, cluster: {}}\napiVersion: v1\nkind: Config\nclusters: [*x]\n",
        '{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "b", "cluster": {}}]}',
        "apiVersion: v1\nkind: Config\nclusters:\n    - name: b\n      cluster: {}\n# the end",
        "---\napiVersion: v1\nkind: Config\ncontexts:\n- {name: harbor}\n- {name: b}\n",
    ],
)
def test_whatever_the_layout_nothing_is_lost(text: str) -> None:
    """What was there is there, and the session's entries are there once."""
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(kubeconfig.merged(text, SESSION))

    for section in kubeconfig.SECTIONS:
        kept = [each for each in before.get(section) or [] if each["name"] != "harbor"]
        assert [each for each in after[section] if each["name"] != "harbor"] == kept
        assert names(after, section).count("harbor") == 1
    assert (after["kind"], after["apiVersion"], after["current-context"]) == (
        "Config",
        "v1",
        "harbor",
    )


@pytest.mark.parametrize("text", ["clusters: everywhere", "users: [1]", "- a", "{", "a: b: c"])
def test_what_is_no_kubeconfig_is_left_alone(text: str) -> None:
    """It is somebody's file, and not ours to repair."""
    with pytest.raises(ClusterError, match="not a kubeconfig"):
        kubeconfig.merged(text, SESSION)


def test_a_context_may_have_a_name_of_its_own() -> None:
    """Cluster and user keep theirs."""
    config = kubeconfig.called(SESSION, "tide")

    assert (config["current-context"], names(config, "contexts")) == ("tide", ["tide"])
    assert names(config, "clusters") == ["harbor"]
    assert kubeconfig.called(SESSION, None)["current-context"] == "harbor"


def test_a_token_is_put_beside_what_is_there() -> None:
    """The first user gets it."""
    config = kubeconfig.with_token(SESSION | {"users": [{"name": "harbor", "user": None}]}, "mine")

    assert config["users"] == [{"name": "harbor", "user": {"token": "mine"}}]
