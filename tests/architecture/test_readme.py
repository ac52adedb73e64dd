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
    script = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines()]

    assert f"({command})" in script


def test_ci_runs_a_part_of_each_campaign() -> None:
    """What plain nox leaves out is not left out of .ci/run; the commit deals which part it is."""
    script = (ROOT / ".ci" / "run").read_text()

    parts = re.findall(r'nox -s (\w+) -- --part 1/\d+ --seed "\$seed"$', script, re.MULTILINE)
    assert parts == ["matrix", "chaos"]
