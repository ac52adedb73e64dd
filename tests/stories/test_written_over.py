"""What somebody writes while a command is at work is there afterwards, or the command says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model import keys
from tests import arm
from tests.stories import beside, half_done, moved, moving
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

PLAIN = "connect -n harbor -g edge -l eastus --skip-prechecks"
APPLY = "config apply -n harbor -g edge --file harbor.yaml"


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Connected harbor, without children and tags."""
    quick.after(PLAIN)
    return quick


def dapr(**settings: str) -> Any:
    """An extension with these settings."""
    return moving.extension("microsoft.dapr", configurationSettings=settings)


def theirs(stage: Stage) -> None:
    """Somebody adds a setting of their own."""
    arm.put_child(stage, "extensions", "dapr", dapr(a="1", theirs="precious"))


def manifest(stage: Stage, *names: str) -> None:
    """Write a manifest that wants another setting."""
    entries = [
        {
            "kind": "extensions",
            "name": name,
            "apiVersion": "2025-03-01",
            "body": moving.extension(f"microsoft.{name}", configurationSettings={"a": "2"}),
        }
        for name in names
    ]
    document = {"format": "arcctl.configuration/1", "children": entries}
    (stage.folder / "harbor.yaml").write_text(json.dumps(document))


def test_a_child_that_changes_while_the_question_stands_is_left(plain: Stage) -> None:
    """Nothing is changed and no run is left; the same command shows the differences anew."""
    arm.put_child(plain, "extensions", "dapr", dapr(a="1"))
    manifest(plain, "dapr", "monitor")

    def meanwhile(_number: int) -> str:
        theirs(plain)
        return "yes"

    ended, _ = beside.converse(plain, APPLY, meanwhile)

    refused(ended, "plan-outdated", exit_code=5, said="extensions/dapr was changed since")
    assert "nothing was changed" in ended.err
    assert sorted(arm.children(plain)) == ["extensions/dapr"]
    assert "precious" in json.dumps(arm.children(plain))
    assert half_done.in_cluster(plain) == []
    plain.well(f"{APPLY} --yes")
    assert "precious" not in json.dumps(arm.children(plain))


def test_a_child_that_changes_just_before_it_is_sent_is_left(plain: Stage) -> None:
    """The same with --yes, and at the last moment."""
    arm.put_child(plain, "extensions", "dapr", dapr(a="1"))
    manifest(plain, "dapr")

    ended = beside.type_beside(
        plain, f"{APPLY} --yes", "put-extensions", lambda: theirs(plain), events=("started",)
    )

    refused(ended, "plan-outdated", exit_code=5, said="extensions/dapr was changed since")
    assert "precious" in json.dumps(arm.children(plain))
    assert half_done.in_cluster(plain) == []


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (f"{PLAIN} --yes --infrastructure aws", "register"),
        ("update -n harbor -g edge --auto-upgrade false --yes", "rewrite"),
    ],
)
def test_a_tag_that_is_written_meanwhile_stays(plain: Stage, line: str, step: str) -> None:
    """The PUT is built from a reading directly before it."""
    beside.type_beside(plain, line, step, lambda: _tag(plain), events=("started",))

    assert "late" in moved.resource(plain)["tags"]


def _tag(stage: Stage) -> None:
    beside.write(stage, "tag", "late")


@pytest.mark.parametrize("theirs", ["sandbox-2", "key", "anew"])
def test_a_resource_that_others_connect_meanwhile_is_left(two_clusters: Stage, theirs: str) -> None:
    """`connect --adopt` was to adopt one that nobody had connected, and of another key."""
    stage = two_clusters
    stage.seed(groups=[{"name": "edge", "location": "eastus"}])
    _made(stage)
    adopt = f"{PLAIN} --adopt --new-key --yes --kube-context"
    held: list[str] = []

    def act() -> None:
        if theirs == "sandbox-2":
            assert stage.type_apart(f"{adopt} sandbox-2").code == 0
        else:
            if theirs == "anew":
                arm.ask(stage, "DELETE", arm.HARBOR, version="2024-01-01")
                stage.within(stage.world.azure.operations.settle)
            _made(stage)
        held.append(moved.resource(stage)["properties"]["agentPublicKeyCertificate"])

    ended = beside.type_beside(stage, f"{adopt} sandbox", "register", act, events=("started",))

    refused(ended, "AZK8S0404", said="meanwhile")
    assert moved.resource(stage)["properties"]["agentPublicKeyCertificate"] == held[0]


def _made(stage: Stage) -> None:
    """Let others put harbor, with a key of theirs and without agents."""
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPublicKeyCertificate": keys.generate().public},
    }
    arm.ask(stage, "PUT", arm.HARBOR, body, version="2024-01-01")
    stage.within(stage.world.azure.operations.settle)


def test_a_resource_that_others_make_meanwhile_is_left(quick: Stage) -> None:
    """`connect` does not give its own key to what it has not seen before."""
    quick.seed(groups=[{"name": "edge", "location": "eastus"}])
    pair = keys.generate()
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "theirs"},
        "properties": {"agentPublicKeyCertificate": pair.public},
    }

    def act() -> None:
        arm.ask(quick, "PUT", arm.HARBOR, body, version="2024-01-01")

    ended = beside.type_beside(quick, PLAIN, "register", act, events=("started",))

    refused(ended, "AZK8S0404", said="meanwhile")
    assert moved.resource(quick)["properties"]["agentPublicKeyCertificate"] == pair.public


@pytest.mark.parametrize("kind", ["extensions", "fluxConfigurations"])
def test_a_child_that_others_make_meanwhile_with_other_secrets_is_named(
    plain: Stage, kind: str
) -> None:
    """Nobody can compare the secrets, so the one that is there is not called applied."""
    made: dict[str, Any] = {
        "extensions": moving.extension("contoso.part", configurationSettings={"a": "1"}),
        "fluxConfigurations": moving.git(
            "https://git.example.com/edge/apps", namespace="apps", repository={"httpsUser": "edge"}
        ),
    }[kind]
    child = {"kind": kind, "name": "part", "apiVersion": "2025-03-01", "body": made}
    manifest = {"format": "arcctl.configuration/1", "children": [child]}
    (plain.folder / "h.yaml").write_text(json.dumps(manifest))
    name = "pw" if kind == "extensions" else "httpsKey"
    secrets = plain.folder / "s.yaml"
    secrets.write_text(f"{kind}/part: {{{name}: b3Vycw==}}")
    secrets.chmod(0o600)
    properties = {**made["properties"], "configurationProtectedSettings": {name: "dGhlaXJz"}}
    step = "put-extensions" if kind == "extensions" else "put-configurations"

    ended = beside.type_beside(
        plain,
        "config apply -n harbor -g edge --file h.yaml --protected-settings s.yaml --yes",
        step,
        lambda: arm.put_child(plain, kind, "part", {**made, "properties": properties}),
        events=("started",),
    )

    assert ended.code == 5, ended.err
    assert f"{kind}/part was put there by somebody else, with secrets" in ended.err
