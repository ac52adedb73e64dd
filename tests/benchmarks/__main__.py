"""`python -m tests.benchmarks [NAME …]`: measure side by side, print a table in Markdown."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from typing import TYPE_CHECKING

from tests.benchmarks import size
from tests.benchmarks.measuring import Sample, Spread, once
from tests.benchmarks.rows import ROWS, Row

if TYPE_CHECKING:
    from tests.benchmarks.worlds import World

HEADER = """\
| work | min | median | max | CPU | peak memory | × | goal |
|---|---|---|---|---|---|---|---|"""


def main(names: list[str]) -> None:
    """Measure the named rows, or all of them; a line appears as soon as it is known."""
    unknown = set(names) - {"size"} - {row.name for row in ROWS}
    if unknown:
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))}")
    print(f"{datetime.date.today()}, {machine()}\n\n{HEADER}", flush=True)
    for row in ROWS:
        if not names or row.name in names:
            print("\n".join(lines(row)), flush=True)
    if not names or "size" in names:
        print(f"\nInstalled, without the sandbox: {size.installed():.0f} MB ({size.GOAL}).")


def machine() -> str:
    """What the figures were measured on, as far as it matters."""
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {python}"


def lines(row: Row) -> list[str]:
    """One line for the work, one for each thing it is compared with."""
    with row.world() as world:
        spreads = {label: Spread.of(samples) for label, samples in rounds(row, world).items()}
    ours = spreads.pop(row.work)
    theirs = sum(spread.median for spread in spreads.values())
    ratio = f"{ours.median / theirs:.2f}" if theirs else "–"
    compared = [line(f"· {label}", spread, "", "") for label, spread in spreads.items()]
    return [line(row.work, ours, ratio, row.goal), *compared]


def rounds(row: Row, world: World) -> dict[str, list[Sample]]:
    """Samples by label. All take turns, so that a slow minute of the machine is everyone's."""
    home = world.environment["HOME"]
    commands = {row.work: [part.replace("{home}", home) for part in row.command]}
    commands |= {label: command(world) for label, command in row.against}
    samples: dict[str, list[Sample]] = {label: [] for label in commands}
    warm_ups = 1 if row.rounds > 1 else 0
    for number in range(warm_ups + row.rounds):
        for label, command in commands.items():
            row.before(world)
            sample = once(command, world.environment)
            if number >= warm_ups:
                samples[label].append(sample)
    return samples


def line(label: str, spread: Spread, ratio: str, goal: str) -> str:
    """A row of the table."""
    walls = [f"{seconds:.3f} s" for seconds in (spread.least, spread.median, spread.most)]
    cells = [label, *walls, f"{spread.cpu:.3f} s", f"{spread.memory:.0f} MB", ratio, goal]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
