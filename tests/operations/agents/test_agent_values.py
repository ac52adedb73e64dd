"""The values of the agents' chart are those that `--set` would have made (B.13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arcctl.errors import AzureError, UsageError
from arcctl.model.helm_values import layered
from arcctl.model.secret import Secret
from arcctl.operations.agents.values import (
    AgentChart,
    from_file,
    nested,
    placeholders,
    protected,
    put,
)
from arcctl.operations.request import ConnectRequest, Proxy

SECRETS = {"proxy": {"https_proxy": Secret("http://me:pass@proxy")}, "a": {"b": Secret("true")}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("NULL", None),
        ("0", 0),
        ("42", 42),
        ("-7", -7),
        ("+7", 7),
        ("007", "007"),
        ("1.5", "1.5"),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", "9223372036854775808"),
        ("1.36.1", "1.36.1"),
        ("", ""),
        ("yes", "yes"),
        ("٣", "٣"),
    ],
)
def test_a_text_is_typed_as_helm_types_it(text: str, value: Any) -> None:
    """Truths, null and whole numbers; everything else stays text."""
    typed = nested({"key": text}, {})["key"]

    assert (type(typed), typed) == (type(value), value)


def test_dotted_keys_become_a_tree() -> None:
    """An escaped dot belongs to the name."""
    given = {"a.b.c": "1", "a.b.d": "x", "e": "true", r"f.g\.h/i": "y"}

    assert nested(given, {}) == {"a": {"b": {"c": 1, "d": "x"}}, "e": True, "f": {"g.h/i": "y"}}


def test_a_branch_replaces_a_leaf() -> None:
    """The later word counts."""
    tree: dict[str, Any] = {"a": "leaf"}
    put(tree, "a.b", 1)

    assert tree == {"a": {"b": 1}}


def test_secrets_are_filled_in_where_their_placeholders_stand() -> None:
    """As they are: a secret that reads `true` stays a text."""
    given = {"global.httpsProxy": "redacted:proxy:https_proxy", "x": "redacted:a:b"}

    assert nested(given, SECRETS) == {"global": {"httpsProxy": "http://me:pass@proxy"}, "x": "true"}


@pytest.mark.parametrize("text", ["redacted:proxy:http_proxy", "redacted:proxy", "redacted:x:y:z"])
def test_a_secret_that_was_not_given_is_an_error(text: str) -> None:
    """Never an empty value; the hint says which flag gives it."""
    with pytest.raises(AzureError, match="not given") as missing:
        nested({"key": text}, SECRETS)
    assert missing.value.hints[0].startswith("--configuration-protected-settings ")


def test_a_known_secret_may_be_left_out() -> None:
    """An earlier release holds it."""
    assert nested({"a": "redacted:proxy:http_proxy", "b": "1"}, SECRETS, known=True) == {"b": 1}


def test_the_word_redacted_in_the_middle_is_only_a_word() -> None:
    """Only the prefix marks a placeholder (trap 4)."""
    assert nested({"a": "not-redacted:x:y"}, {}) == {"a": "not-redacted:x:y"}


@pytest.mark.parametrize(
    ("version", "as_value"),
    [
        ("1.35.2", True),
        ("1.8.14", True),
        ("1.35.3", False),
        ("1.35.10", False),
        ("1.36.1", False),
        ("2.0.0", False),
        ("1.35.3-preview", False),
        ("1.34.0-preview", True),
        ("0.1.0-dev", False),
        ("1.35", True),
        ("latest", True),
    ],
)
def test_the_version_says_how_the_key_gets_there(version: str, as_value: bool) -> None:
    """Older charts, and those nobody can read, need it as a value."""
    assert AgentChart(Path("chart"), version, {}).takes_key_as_value is as_value


@pytest.mark.parametrize(
    ("train", "version", "as_value"),
    [
        ("stable", "1.36.1", False),
        ("Preview", "1.36.1", False),
        ("staging", "1.36.1", True),
        ("staging", "1.36.1-dev", False),
    ],
)
def test_an_unknown_train_gets_the_key_both_ways(train: str, version: str, as_value: bool) -> None:
    """An empty key would leave the cluster Connecting for ever, so doubt is on the old side."""
    assert AgentChart(Path("chart"), version, {}, train).takes_key_as_value is as_value


def test_proxy_flags_are_protected_settings() -> None:
    """Under the names that the service sends back; what was said outright wins."""
    request = ConnectRequest(
        name="harbor",
        group="edge",
        proxy=Proxy(Secret("s"), Secret("h"), "a,b", Secret("PEM")),
        protected_settings={"proxy": {"http_proxy": Secret("mine")}, "x": {"y": Secret("z")}},
    )
    found = protected(request)

    assert {name: value.reveal() for name, value in found["proxy"].items()} == {
        "https_proxy": "s",
        "http_proxy": "mine",
        "no_proxy": "a,b",
        "proxy_cert": "PEM",
    }
    assert found["x"]["y"].reveal() == "z"


def test_without_flags_nothing_is_protected() -> None:
    """Not even an empty proxy."""
    assert protected(ConnectRequest(name="harbor", group="edge")) == {}


def test_placeholders_have_the_shape_and_no_secret() -> None:
    """`redacted:feature:setting`, which the service sends back in the right place."""
    assert placeholders(SECRETS) == {
        "proxy": {"https_proxy": "redacted:proxy:https_proxy"},
        "a": {"b": "redacted:a:b"},
    }


def test_a_values_file_is_read(tmp_path: Path) -> None:
    """A map; none at all, or an empty file, is fine as for the peer."""
    path = tmp_path / "values.yaml"
    path.write_text("global:\n  x: Köln\n", encoding="utf-8")

    assert from_file(path) == {"global": {"x": "Köln"}}
    assert from_file(None) == from_file(tmp_path / "absent.yaml") == {}
    path.write_text("")
    assert from_file(path) == {}


@pytest.mark.parametrize("text", ["a: [", "- a\n", "text"])
def test_a_broken_values_file_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """It names the file."""
    path = tmp_path / "values.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"values\.yaml"):
        from_file(path)


def test_a_broken_values_file_is_not_quoted(tmp_path: Path) -> None:
    """The line that is wrong may hold a secret; its number is enough."""
    path = tmp_path / "values.yaml"
    path.write_text("ok: 1\nkey: 'marked-secret\nmore: }\n")
    with pytest.raises(UsageError) as refused:
        from_file(path)

    assert "marked" not in " ".join((refused.value.message, *refused.value.why))
    assert refused.value.why[0].startswith("line ")


def test_a_values_file_that_is_no_text_is_a_usage_error(tmp_path: Path) -> None:
    """Such as a picture."""
    path = tmp_path / "values.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"values\.yaml"):
        from_file(path)


def test_layers_are_merged_map_by_map() -> None:
    """The upper one wins, lists and all, and the lower one is not touched."""
    base = {"a": {"b": 1, "c": {"d": 2}}, "e": [1]}

    assert layered(base, {"a": {"c": {"f": 3}}, "e": [2], "g": {"h": 4}}) == {
        "a": {"b": 1, "c": {"d": 2, "f": 3}},
        "e": [2],
        "g": {"h": 4},
    }
    assert base == {"a": {"b": 1, "c": {"d": 2}}, "e": [1]}
    assert layered({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}
