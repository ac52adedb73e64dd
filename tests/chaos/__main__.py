"""`python -m tests.chaos`: play seeds, print what came of each, and fail on any loss."""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import binaries
from tests.chaos.behind import housed
from tests.chaos.seed import Outcome, Play, drawn
from tests.conftest import FOREIGN, pytest_configure
from tests.parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]


def main() -> None:
    """Play what the command line says."""
    arguments = _arguments()
    pytest_configure()
    # Ended from outside, it ends what it has started and leaves no folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        if name != "ARCCTL_TEST_CACHE":
            del os.environ[name]
    if arguments.worker:
        for outcome in _played(arguments):
            print(json.dumps(vars(outcome)), flush=True)
        return
    began, outcomes = time.monotonic(), []
    played = _played(arguments) if arguments.seed else _shared_out(arguments)
    for outcome in played:
        outcomes.append(outcome)
        print(told(outcome), flush=True)
    print(summary(outcomes, time.monotonic() - began))
    wanted = 1 if arguments.seed else arguments.seeds
    sys.exit(any(each.failed for each in outcomes) or len(outcomes) != wanted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--part", metavar="K/N", help="only so many of them, dealt by --seed")
    parser.add_argument(
        "--seed", help="only this one, with all that happened in it; with --part, what deals"
    )
    parser.add_argument("--only", default="", help="acts whose name has this in it")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--helm", type=int, choices=(3, 4), default=4)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    found = parser.parse_args()
    if found.part:
        numbers = part(found.part, found.seed or "").numbers(found.seeds)
        found.first, found.seeds, found.seed = numbers.start, len(numbers), None
    found.seed = int(found.seed) if found.seed else None
    return found


def _seeds(arguments: argparse.Namespace) -> list[int]:
    if arguments.seed is not None:
        return [arguments.seed]
    found = range(arguments.first, arguments.first + arguments.seeds)
    return list(
        found if arguments.worker is None else found[arguments.worker - 1 :: arguments.jobs]
    )


def _played(arguments: argparse.Namespace) -> Iterator[Outcome]:
    helm = binaries.program(binaries.HELM_3 if arguments.helm == 3 else binaries.HELM_4)
    with (
        tempfile.TemporaryDirectory(prefix="arcctl-chaos-") as folder,
        housed(Path(folder), helm) as house,
    ):
        for seed in _seeds(arguments):
            play = drawn(house, seed)
            if arguments.only not in play.act.name:
                continue
            yield play.run()
            if arguments.seed is not None:
                print(log(play))


def _shared_out(arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Let so many processes play their parts, and hear them in turn."""
    heard: queue.Queue[str] = queue.Queue()
    workers = [_worker(number) for number in range(1, arguments.jobs + 1)]
    readers = [threading.Thread(target=_hear, args=(each, heard)) for each in workers]
    for reader in readers:
        reader.start()
    left = len(workers)
    try:
        while left:
            if line := heard.get():
                plain: dict[str, Any] = json.loads(line)
                yield Outcome(**plain | {"happened": Counter(plain["happened"])})
            else:
                left -= 1
    finally:
        for each in workers:
            each.terminate()
            each.wait()


def _worker(number: int) -> subprocess.Popen[str]:
    own = [*sys.argv[1:], "--worker", str(number)]
    line = [sys.executable, "-m", "tests.chaos", *own]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=_ROOT)


def _hear(worker: subprocess.Popen[str], heard: queue.Queue[str]) -> None:
    """Hand on each line, and nothing at its end."""
    assert worker.stdout
    for line in worker.stdout:
        heard.put(line)
    heard.put("")


def told(outcome: Outcome) -> str:
    """Return the line of a seed, and what went wrong below it."""
    line = (
        f"seed {outcome.seed:4}  {outcome.act:22} {outcome.scene:15} {outcome.faults:3} faults "
        f"{outcome.kills} kills {outcome.tries} tries  {outcome.end or 'FAILED':8}"
        f"{outcome.seconds:6.1f} s"
    )
    wrong = [f"loss: {each}" for each in outcome.losses]
    wrong += [f"false: {each}" for each in outcome.lies]
    wrong += [f"trouble: {each}" for each in outcome.troubles]
    return "\n          ".join([line, *wrong])


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """Return the sum of all seeds."""
    ends = Counter(each.end or "none" for each in outcomes)
    happened: Counter[str] = Counter()
    for each in outcomes:
        happened.update(each.happened)
    failed = [str(each.seed) for each in outcomes if each.failed]
    kinds = ", ".join(f"{what} {number}" for what, number in happened.most_common())
    made = (
        f"seeds {len(outcomes)}, faults {sum(each.faults for each in outcomes)}, "
        f"kills {sum(each.kills for each in outcomes)}, "
        f"taken up {sum(each.tries for each in outcomes)} times, {seconds / 60:.1f} min"
    )
    wrong = (
        f"losses {sum(bool(each.losses) for each in outcomes)}, "
        f"false reports {sum(bool(each.lies) for each in outcomes)}"
    )
    lines = [
        "",
        made,
        f"ends: {', '.join(f'{end} {number}' for end, number in sorted(ends.items()))}",
        f"faults: {kinds}",
        f"writes too late to be seen: {sum(each.late for each in outcomes)}",
        wrong,
    ]
    return "\n".join([*lines, *([f"again: --seed {' --seed '.join(failed)}"] if failed else [])])


def log(play: Play) -> str:
    """Return everything that happened in a seed."""
    writes = ("PUT", "PATCH", "DELETE", "POST")
    lines = [
        f"{each.at:10.2f} {each.status} {each.place}  {each.fault}"
        for each in play.house.weather.seen
        if each.fault or each.place.asked.startswith(writes)
    ]
    for number, each in enumerate(play.typed):
        lines += [f"── {number}: arcctl {each.line}", each.ended.err, each.ended.out]
        lines.append(f"── ended with {each.ended.code} after {each.seconds:.1f} s")
    for write in play.writes:
        lines.append(f"somebody: {write}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
