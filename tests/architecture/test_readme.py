"""README and .ci/run say the same."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT


def fenced(page: str) -> list[str]:
    """The fenced blocks of a page, without prompts."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^\$ ", "", block, flags=re.MULTILINE).strip() for block in blocks]


def test_ci_runs_the_readmes_test_command() -> None:
    """The README's second command is what .ci/run runs first, word for word."""
    command = fenced((ROOT / "README.md").read_text())[1]
    script = (ROOT / ".ci" / "run").read_text().splitlines()

    assert f"({command})" in script


def test_ci_runs_the_matrix_and_the_real_control_plane() -> None:
    """What plain nox leaves out is not left out of .ci/run."""
    script = (ROOT / ".ci" / "run").read_text()

    assert re.findall(r"nox -s (\w+)", script) == ["matrix", "cluster"]
