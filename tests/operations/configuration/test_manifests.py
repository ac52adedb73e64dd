"""Manifests lie in a file or in a folder, say the same every time, and hold no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.errors import Refusal, UsageError
from arcctl.model.configuration.comparing import compare
from arcctl.operations.configuration import manifests
from tests.model.configuration.bodies import extension, flux, read, source_control

if TYPE_CHECKING:
    from pathlib import Path

HARBOR = (
    "/subscriptions/s/resourceGroups/edge/providers/Microsoft.Kubernetes/connectedClusters/harbor"
)
CHILDREN = (
    read(extension("monitor", configurationProtectedSettings={"key": "leaked"})),
    read(
        extension("größe/..", configurationSettings={"date": "2025-03-01", "on": "yes", "n": "1"})
    ),
    read(extension("x" * 253)),
    read(flux("apps")),
    read(source_control("v1")),
)


def tree(folder: Path) -> dict[str, str]:
    """All files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_file_says_how_it_is_used(tmp_path: Path) -> None:
    """In a comment before everything else."""
    text = manifests.text_of(CHILDREN, HARBOR, "eastus", "harbor.yaml")

    assert text.startswith("# What harbor has")
    assert "arcctl config apply -n NAME -g GROUP --file harbor.yaml\n" in text
    assert "leaked" not in text
    assert text == manifests.text_of(CHILDREN, HARBOR, "eastus", "harbor.yaml")


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """From a file and from a folder: the same children, whatever their names and texts."""
    manifests.write_file(
        tmp_path / "harbor.yaml", manifests.text_of(CHILDREN, HARBOR, "eastus", "x")
    )
    manifests.write_folder(tmp_path / "harbor", CHILDREN, HARBOR, "eastus")

    for place in ("harbor.yaml", "harbor"):
        found = manifests.read(str(tmp_path / place))
        assert compare(CHILDREN, found.children).equal
        assert sorted(each.name for each in found.children) == sorted(c.name for c in CHILDREN)
        assert (found.cluster, found.region) == (HARBOR, "eastus")
    assert not [path for path in tree(tmp_path) if path.endswith(".new")]


def test_a_folder_has_a_file_for_each_child(tmp_path: Path) -> None:
    """Named after it, as far as a file system takes that."""
    manifests.write_folder(tmp_path, CHILDREN, HARBOR, "eastus")

    longest, *rest = sorted(tree(tmp_path), key=len, reverse=True)

    assert longest.startswith(f"extensions/{'x' * 200}-")
    assert set(rest) == {
        "cluster.yaml",
        "extensions/gr%C3%B6%C3%9Fe%2F...yaml",
        "extensions/monitor.yaml",
        "fluxConfigurations/apps.yaml",
        "sourceControlConfigurations/v1.yaml",
    }
    assert max(len(path.name) for path in tmp_path.rglob("*")) <= 255


def test_writing_a_folder_again_takes_away_what_is_gone(tmp_path: Path) -> None:
    """And leaves what is not a child's."""
    manifests.write_folder(tmp_path, CHILDREN, HARBOR, "eastus")
    (tmp_path / "README.md").write_text("mine")
    before = tree(tmp_path)
    manifests.write_folder(tmp_path, CHILDREN, HARBOR, "eastus")
    assert tree(tmp_path) == before

    manifests.write_folder(tmp_path, CHILDREN[:1], HARBOR.upper(), "eastus")

    assert set(tree(tmp_path)) == {"README.md", "cluster.yaml", "extensions/monitor.yaml"}


def test_the_folder_of_another_cluster_is_left_alone(tmp_path: Path) -> None:
    """As is one that holds such files and does not say whose they are."""
    manifests.write_folder(tmp_path, CHILDREN, HARBOR, "eastus")
    before = tree(tmp_path)

    with pytest.raises(Refusal, match="another cluster") as raised:
        manifests.write_folder(tmp_path, CHILDREN[:1], f"{HARBOR}-2", "eastus")
    assert (raised.value.code, raised.value.why) == ("manifest-folder", (HARBOR,))

    (tmp_path / "cluster.yaml").unlink()
    with pytest.raises(Refusal, match="another cluster"):
        manifests.write_folder(tmp_path, CHILDREN[:1], HARBOR, "eastus")
    assert {name: before[name] for name in tree(tmp_path)} == tree(tmp_path)


def test_an_empty_cluster_is_a_manifest_too(tmp_path: Path) -> None:
    """A file with an empty list, a folder with its head alone."""
    manifests.write_file(tmp_path / "a.yaml", manifests.text_of((), HARBOR, "eastus", "a.yaml"))
    manifests.write_folder(tmp_path / "b", (), HARBOR, "eastus")

    assert manifests.read(str(tmp_path / "a.yaml")).children == ()
    assert manifests.read(str(tmp_path / "b")).children == ()


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    """With how to make one."""
    with pytest.raises(UsageError, match="holds no manifest") as raised:
        manifests.read(str(tmp_path))
    assert "--folder" in raised.value.hints[0]


def test_one_child_in_two_files_is_refused(tmp_path: Path) -> None:
    """Which of them would count?"""
    manifests.write_folder(tmp_path, CHILDREN[:1], HARBOR, "eastus")
    text = (tmp_path / "extensions" / "monitor.yaml").read_text()
    (tmp_path / "extensions" / "copy.yaml").write_text(text)

    with pytest.raises(UsageError) as raised:
        manifests.read(str(tmp_path))
    assert raised.value.why == ("extensions/monitor is in it twice",)


def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path) -> None:
    """By its line: the line may hold what should not be there."""
    path = tmp_path / "harbor.yaml"
    path.write_text("format: arcctl.configuration/1\nchildren: [hidden\n")

    with pytest.raises(UsageError, match=r"harbor\.yaml is neither YAML nor JSON") as raised:
        manifests.read(str(path))
    assert raised.value.why[0].startswith("line 3, column 1;")
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("-", True),
        ("./harbor", True),
        ("../x/y", True),
        ("/srv/harbor", True),
        ("harbor.yaml", True),
        ("edge/harbor.json", True),
        ("harbor", False),
        ("edge/harbor", False),
        (HARBOR, False),
        (HARBOR.upper(), False),
    ],
)
def test_a_word_is_a_path_or_a_cluster(text: str, path: bool) -> None:
    """By how it looks, where nothing of that name lies about."""
    assert manifests.is_path(text) == path


def test_what_lies_about_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder called like a cluster is meant, since the cluster can be named with its group."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harbor").mkdir()

    assert manifests.is_path("harbor")
    assert not manifests.is_path("edge/harbor")


def _laughs(merged: bool) -> str:
    """Ten aliases of ten aliases, nine times over: a few hundred bytes for ten billion values."""
    first = "a0: &a0 {x: 1}" if merged else "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
    rest = []
    for number in range(1, 10):
        ten = ", ".join([f"*a{number - 1}"] * 10)
        rest.append(f"a{number}: &a{number} " + (f"{{<<: [{ten}]}}" if merged else f"[{ten}]"))
    return "\n".join([first, *rest])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (_laughs(merged=False), "unfold"),
        (_laughs(merged=True), "unfold"),
        ("a: &a [*a]", "holds itself"),
        ("[" * 150 + "]" * 150, "deep"),
        ("a: " + "9" * 5000, "number"),
        ("a: .inf", "number"),
        ("a: !!binary aGFsbG8=", "bytes"),
        ("a: !!set {hidden}", "set"),
        ("a: !!timestamp hidden", "date"),
    ],
    ids=["aliases", "merges", "itself", "depth", "digits", "infinity", "bytes", "set", "date"],
)
def test_what_unfolds_to_too_much_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Aliases, depth, numbers: an error with what to do, at once and in little memory."""
    file = tmp_path / "harbor.yaml"
    file.write_text(
        f"format: arcctl.configuration/1\nchildren: []\nbomb:\n  {text}\n".replace("\na", "\n  a")
    )
    with pytest.raises(UsageError) as refused:
        manifests.read(str(file))

    assert refused.value.code == "file"
    assert why in " ".join(refused.value.why)
    assert "hidden" not in str(refused.value.why)


def test_aliases_that_people_write_are_read(tmp_path: Path) -> None:
    """One setting for several children is what they are for."""
    body = "&body {properties: {extensionType: microsoft.dapr}}"
    entries = (
        f"[{{kind: extensions, name: a, body: {body}}}, {{kind: extensions, name: b, body: *body}}]"
    )
    (tmp_path / "two.yaml").write_text(f"format: arcctl.configuration/1\nchildren: {entries}\n")

    assert len(manifests.read(str(tmp_path / "two.yaml")).children) == 2
