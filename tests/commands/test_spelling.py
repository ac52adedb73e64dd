"""The command line is read as az's users type it, and its mistakes are worded by arcctl."""

from __future__ import annotations

import pytest
from arcctl.commands.spelling import spelled_out
from tests.commands.program import read, typed

BASE = ("-n", "harbor")


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["--tags", "a=b", "c=d", "-g", "edge"], ["a=b", "c=d"]),
        (["--tags", "a=b", "--tags", "c=d"], ["a=b", "c=d"]),
        (["--tags", "a=far and wide"], ["a=far and wide"]),
        (["--tags=a=b", "--tags", "c=d"], ["a=b", "c=d"]),
        (["--tags", ""], [""]),
        (["--tags"], [""]),
        ([], None),
    ],
)
def test_tags_stand_one_after_another(words: list[str], tags: list[str] | None) -> None:
    """As for az, or each with its own flag."""
    assert read("connect", *BASE, *words)["tags"] == tags


@pytest.mark.parametrize("flag", ["--configuration-settings", "--config"])
def test_settings_stand_one_after_another(flag: str) -> None:
    """Under each of their names."""
    given = read("connect", flag, "a.b=c", "d.e=f", *BASE)

    assert given["configuration_settings"] == ["a.b=c", "d.e=f"]
    assert given["name"] == "harbor"


@pytest.mark.parametrize(
    "flag",
    ["--config-protected-settings", "--config-protected", "--configuration-protected-settings"],
)
def test_protected_settings_stand_one_after_another(flag: str) -> None:
    """Under each of their names."""
    given = read("connect", *BASE, flag, "a.b=c", "d.e=f")

    assert given["configuration_protected_settings"] == ["a.b=c", "d.e=f"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--enable-oidc-issuer"], "true"),
        (["--enable-oidc-issuer", "--yes"], "true"),
        (["--enable-oidc-issuer", "true"], "true"),
        (["--enable-oidc-issuer", "false"], "false"),
        (["--enable-oidc-issuer=false"], "false"),
        ([], None),
    ],
)
def test_a_truth_may_stand_alone(words: list[str], said: str | None) -> None:
    """Alone it is true, as for az."""
    assert read("connect", *words, *BASE)["enable_oidc_issuer"] == said


def test_two_truths_in_a_row_are_both_true() -> None:
    """The second is not taken for the value of the first."""
    given = read("connect", "--enable-wi", "--enable-private-link", *BASE)

    assert (given["enable_workload_identity"], given["enable_private_link"]) == ("true", "true")


def test_what_stands_after_two_dashes_is_left_alone() -> None:
    """It belongs to somebody else."""
    words = ["--tags", "a", "b", "--", "--tags", "c", "d"]

    assert spelled_out(words, {"--tags"}, set()) == [
        "--tags",
        "a",
        "--tags",
        "b",
        *words[3:],
    ]


@pytest.mark.parametrize(
    ("line", "said", "advice", "page"),
    [
        ("connect", "missing option '--name' / '-n'", "", "connect "),
        ("connect -n", "option '-n' requires an argument", "", "connect "),
        ("show -n x --quary y", "no such option: --quary", "did you mean --query?", "show "),
        ("show --xyz", "no such option: --xyz", "", "show "),
        ("conect", "no such command 'conect'", "did you mean 'connect'?", ""),
        ("sandbox uup", "no such command 'uup'", "did you mean 'up'?", "sandbox "),
        ("list extra", "got unexpected extra argument(s) (extra)", "", "list "),
    ],
)
def test_a_mistake_is_worded_like_any_error(
    line: str, said: str, advice: str, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, what was perhaps meant, what to type; exit code 2, and nothing on stdout."""
    assert typed(line) == 2
    lines = [
        f"error  {said}   [usage]",
        advice and f"       {advice}",
        f"try    arcctl {page}--help",
    ]
    assert capsys.readouterr() == ("", "".join(f"{line}\n" for line in lines if line))


@pytest.mark.parametrize("line", ["", "sandbox"])
def test_no_verb_at_all_is_answered_with_help(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, because nothing was asked for that could be data."""
    assert typed(line) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: arcctl")


@pytest.mark.parametrize("line", ["--help", "-h", "connect --help", "list -h", "--version"])
def test_what_was_asked_for_is_data(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help and version go to stdout, exit code 0."""
    assert typed(line) == 0
    out, err = capsys.readouterr()
    assert "arcctl" in out
    assert err == ""
