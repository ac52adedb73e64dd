"""Hints that name an option alone become the command that was typed, with it."""

from __future__ import annotations

import pytest
from arcctl.commands.retyping import Typed
from arcctl.commands.verbs import Loaded
from typer.core import TyperOption

SHORT = "move -n harbor -g edge --target-region eastus --accept locked"
LINE = f"{SHORT} --kube-context one"
OTHER = "arcctl move -g edge --target-region eastus --accept locked --kube-context one -n NAME"


def typed(line: str) -> Typed:
    """A line as it was typed."""
    verb, *words = line.split()
    params = Loaded()[verb].params
    options = [each for each in params if isinstance(each, TyperOption)]
    return Typed.of(f"arcctl {verb}", words, options)


@pytest.mark.parametrize(
    ("hint", "whole"),
    [
        ("--accept source-offline", f"arcctl {LINE} --accept source-offline"),
        ("add --yes", f"arcctl {LINE} --yes"),
        ("--adopt, if you must", "--adopt, if you must"),
        ("choose the right one with -n NAME", f"choose the right one: {OTHER}"),
        (
            "to do without: --waive-secret a/b --waive-secret 'c d/e'",
            f"to do without: arcctl {LINE} --waive-secret a/b --waive-secret 'c d/e'",
        ),
        (
            "use another context: --kube-context NAME",
            f"use another context: arcctl {SHORT} --kube-context NAME",
        ),
        (
            "leave out --kube-context",
            f"without it: arcctl {SHORT}",
        ),
        ("--debug shows more", "--debug shows more"),
        ("--accept what's said", "--accept what's said"),
        ("leave out everything", "leave out everything"),
        ("arcctl show -n harbor -g edge", "arcctl show -n harbor -g edge"),
        ("--known-nowhere X", "--known-nowhere X"),
        ("az x --plan y", "az x --plan y"),
    ],
)
def test_an_option_alone_becomes_the_whole_command(hint: str, whole: str) -> None:
    """In the place of what it replaces; what is a command or a sentence stays as it is."""
    assert typed(LINE).completed(hint) == whole


@pytest.mark.parametrize(
    "said",
    [
        "--proxy-https http://a:secret@proxy",
        "--proxy-https=http://a:secret@proxy",
        "--config-protected a.b=secret c.d=secret",
    ],
)
def test_no_secret_is_repeated(said: str) -> None:
    """A word in capitals stands in its place, which a person replaces."""
    whole = typed(f"connect -n harbor {said} -g edge").completed("-l westeurope")

    assert "secret" not in whole
    assert "…" not in whole
    assert "URL" in whole or "FEATURE.NAME=VALUE" in whole
    assert whole.startswith("arcctl connect -n harbor --")
    assert whole.endswith(" -g edge -l westeurope")


def test_words_are_quoted_as_a_shell_wants_them() -> None:
    """A blank in a value is part of it."""
    option = TyperOption(param_decls=["accept", "--accept"], multiple=True)
    again = Typed.of("arcctl move", ["--accept", "two words"], [option])

    assert again.completed("--accept x") == "arcctl move --accept 'two words' --accept x"
