"""A part of what there is to play, drawn by a seed: `--part 1/4 --seed TEXT`.

The parts of one seed are as good as equal, share nothing, and make up the whole.
"""

from __future__ import annotations

import argparse
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence


class Part(NamedTuple):
    """The part `number` of `count`, as this seed deals them."""

    number: int
    count: int
    seed: str

    def __str__(self) -> str:
        return f"part {self.number}/{self.count} of seed {self.seed}"

    def of(self, names: Sequence[str]) -> set[str]:
        """Which of these are in it."""
        dealt = sorted(names, key=lambda name: sha256(f"{self.seed}:{name}".encode()).digest())
        return set(dealt[self.number - 1 :: self.count])

    def numbers(self, many: int) -> range:
        """Which of `many` numbers are in it, for what is itself made of seeds."""
        each = -(-many // self.count)
        begin = int.from_bytes(sha256(self.seed.encode()).digest()) % 10**6
        return range(begin, begin + many)[(self.number - 1) * each : self.number * each]


def part(text: str, seed: str) -> Part:
    """Read `1/4`; argparse's error for what is no part of anything."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"a part is written 1/4, not {text}")
    return Part(int(number), int(count), seed)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take a part, and the seed that deals."""
    group = parser.getgroup("part", "a part of the tests")
    group.addoption("--part", metavar="K/N", help="play only the K-th of N parts")
    group.addoption("--seed", default="", metavar="TEXT", help="what deals the parts")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which part is played, and how to play it again."""
    return str(_asked(config) or "") or None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is in other parts; after all else that leaves something out."""
    asked = _asked(config)
    if asked:
        kept = asked.of([each.nodeid for each in items])
        config.hook.pytest_deselected(items=[each for each in items if each.nodeid not in kept])
        items[:] = [each for each in items if each.nodeid in kept]


def _asked(config: pytest.Config) -> Part | None:
    text = config.getoption("--part")
    try:
        return part(text, config.getoption("--seed")) if text else None
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from None
