"""Values of secrets come from files and the environment, and never into a message."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import UsageError
from arcctl.operations.secrets.files import Given, Sources, read_secrets, referenced

if TYPE_CHECKING:
    from pathlib import Path

ENVIRON = {"KEY": "from the environment", "EMPTY": ""}


def written(folder: Path, text: str, mode: int = 0o600) -> str:
    """A file with this text."""
    path = folder / "secrets.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def values(found: list[Given]) -> dict[str, str]:
    """What was given, as CHILD/KEY."""
    return {f"{each.child}/{each.name}": each.value.reveal() for each in found}


def given(folder: Path, text: str) -> list[Given]:
    """Read this text; nobody is warned of anything."""
    notes: list[str] = []
    found = read_secrets(written(folder, text), ENVIRON, notes.append)
    assert notes == []
    return found


def refused(folder: Path, text: str) -> str:
    """All that is said about this text."""
    with pytest.raises(UsageError) as raised:
        read_secrets(written(folder, text), ENVIRON, print)
    error = raised.value
    assert error.__cause__ is None
    assert error.hints
    return " ".join([error.message, *error.why])


def test_a_value_may_be_given_in_four_ways(tmp_path: Path) -> None:
    """As it is, as a value, by name of a variable, by path of a file beside."""
    (tmp_path / "pass.txt").write_text("from a file\n")
    (tmp_path / "pass.txt").chmod(0o600)
    text = """
        extensions/monitor:
          plain: text
          value: {value: "a value"}
          environment: {env: KEY}
          file: {file: pass.txt}
        apps: {httpsKey: pw}
    """
    found = given(tmp_path, text)

    assert values(found) == {
        "extensions/monitor/plain": "text",
        "extensions/monitor/value": "a value",
        "extensions/monitor/environment": "from the environment",
        "extensions/monitor/file": "from a file",
        "apps/httpsKey": "pw",
    }
    assert [each.origin for each in found] == ["file", "file", "environment", "file", "file"]


def test_json_is_read_as_well(tmp_path: Path) -> None:
    """As a pipeline writes it."""
    assert values(given(tmp_path, json.dumps({"a": {"k": "ü: #"}}))) == {"a/k": "ü: #"}


def test_base64_is_decoded_where_it_is_declared(tmp_path: Path) -> None:
    """Otherwise a value is taken as it is, though it may look like base64."""
    text = "a: {k: {value: aGVsbG8=, encoding: base64}, l: aGVsbG8=}"

    assert values(given(tmp_path, text)) == {"a/k": "hello", "a/l": "aGVsbG8="}


def test_a_files_last_line_end_is_an_editors(tmp_path: Path) -> None:
    """It is taken off, but not off a key in PEM, nor off what is binary."""
    pem = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"
    (tmp_path / "pem").write_text(pem)
    (tmp_path / "token").write_text("abc\r\n", newline="")
    (tmp_path / "pfx").write_bytes(b"\xff\x00\n")
    for name in ("pem", "token", "pfx"):
        (tmp_path / name).chmod(0o600)

    found = values(given(tmp_path, "a: {p: {file: pem}, t: {file: token}, x: {file: pfx}}"))

    assert (found["a/p"], found["a/t"]) == (pem, "abc")
    assert found["a/x"].encode("utf-8", "surrogateescape") == b"\xff\x00\n"


@pytest.mark.parametrize("said", ["null", '""', '"***"', "~"])
def test_what_says_nothing_is_not_given(tmp_path: Path, said: str) -> None:
    """Neither null nor "" nor the stars of something hidden."""
    assert given(tmp_path, f"a: {{k: {said}, l: pw}}\nb:\n")[0].name == "l"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "null"])
def test_an_empty_file_gives_nothing(tmp_path: Path, text: str) -> None:
    """So that a pipeline need not ask whether there are secrets."""
    assert given(tmp_path, text) == []


def test_verification_keys_are_a_map(tmp_path: Path) -> None:
    """The one secret that is."""
    text = "oci: {ociRepository.verify.verificationConfig: {cosign.pub: KEY}}"

    found = given(tmp_path, text)[0]
    assert json.loads(found.value.reveal()) == {"cosign.pub": "KEY"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- hidden", "it must be a map of children"),
        ("hidden", "it must be a map of children"),
        ("a: hidden", "below a there must be keys"),
        ("a: {k: 0123}", "a/k must be text: put it in quotes"),
        ("a: {k: true}", "a/k must be text"),
        ("a: {k: [hidden]}", "a/k must be text"),
        ("a: {k: {value: 7}}", "a/k must be text"),
        ("a: {k: {env: KEY, file: hidden}}", "exactly one of value, env, file"),
        ("a: {k: {vault: hidden}}", "exactly one of value, env, file"),
        ("a: {k: {env: NOT_SET}}", "NOT_SET is not set"),
        ("a: {k: {env: EMPTY}}", "EMPTY is not set"),
        ("a: {k: {file: nowhere}}", "which cannot be read No such file"),
        ("a: {k: {value: hidden!, encoding: base64}}", "a/k is not base64"),
        ("a: {k: {value: hidden, encoding: hex}}", "can only be base64"),
        ('a: {k: {value: ""}}', "a/k is empty"),
        ('a: {k: {file: "x\\0"}}', "which cannot be read no file can have that name"),
        ("a: {!!bool x: {value: aGk=}}", "line 1, column 5: a key must be text"),
        ("a:\n  7: hidden\n  b: hidden\n", "line 2, column 3: a key must be text"),
        ("a: {k: !!bool hidden}", "a number, date or tag in it cannot be read"),
        ("a: {k: *hidden}", "line 1, column 8; the line is not shown"),
        ("a:\n  k: !hidden x\n", "line 2"),
        ("a: {k: hidden", "the line is not shown"),
        ("a: hidden: b\n", "line 1"),
        ("a:\n\tk: hidden\n", "line 2"),
    ],
)
def test_what_cannot_be_used_is_refused_without_a_quote(
    tmp_path: Path, text: str, why: str
) -> None:
    """A message ends up in a log; what stands in the file does not."""
    said = refused(tmp_path, text)

    assert why in said
    assert "hidden" not in said.replace("the line is not shown", "")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Missing, or no text at all."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    for path, why in ((tmp_path / "nowhere", "No such file"), (binary, "not UTF-8")):
        with pytest.raises(UsageError, match="cannot read") as raised:
            read_secrets(str(path), {}, print)
        assert why in raised.value.why[0]


def test_whoever_lets_others_read_a_secret_is_warned(tmp_path: Path) -> None:
    """Of the file itself, and of those that it names."""
    (tmp_path / "pass.txt").write_text("x")
    (tmp_path / "pass.txt").chmod(0o644)
    notes: list[str] = []

    read_secrets(written(tmp_path, "a: {k: {file: pass.txt}}", 0o640), {}, notes.append)

    assert notes == [
        f"others on this machine can read {tmp_path / name}: chmod 600 {tmp_path / name}"
        for name in ("secrets.yaml", "pass.txt")
    ]


def test_a_manifests_references_are_followed(tmp_path: Path) -> None:
    """What says nothing yet is left out; a value is refused, for a manifest goes into git."""
    (tmp_path / "k").write_bytes(base64.b64encode(b"decoded"))
    (tmp_path / "k").chmod(0o600)
    sources = Sources(ENVIRON, tmp_path, print)
    references = {
        "extensions/a": {"one": {"env": "KEY"}, "two": None},
        "extensions/b": {"three": {"file": "k", "encoding": "base64"}},
    }

    assert values(referenced(references, sources)) == {
        "extensions/a/one": "from the environment",
        "extensions/b/three": "decoded",
    }
    for said in ("hidden", {"value": "hidden"}):
        with pytest.raises(UsageError) as raised:
            referenced({"extensions/a": {"one": said}}, sources)
        assert "hidden" not in f"{raised.value} {raised.value.why}"
