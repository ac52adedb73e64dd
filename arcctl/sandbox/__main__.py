"""The sandbox's own process: `python -m arcctl.sandbox OPTIONS`, the options being JSON.

It says `ready` on stdout, or one line of JSON with the reason why it cannot be, and goes on until
SIGTERM or, when a second argument `lifeline` is given, until its stdin ends: so no sandbox
outlives the command that it was started for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys

from arcctl.errors import ArcctlError
from arcctl.sandbox.options import Options


def main(arguments: list[str]) -> int:
    options = Options.from_json(arguments[0])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_live(options, lifeline="lifeline" in arguments))
    except ArcctlError as error:
        _say(json.dumps({"message": error.message, "why": error.why, "hints": error.hints}))
        return error.exit_code
    return 0


async def _live(options: Options, *, lifeline: bool) -> None:
    from arcctl.sandbox.server import Sandbox

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if lifeline:
        loop.add_reader(sys.stdin.fileno(), ended.set)
    async with Sandbox(options).running() as sandbox:
        sandbox.home.record(sandbox.described())
        _say("ready")
        await ended.wait()


def _say(line: str) -> None:
    """Write the one line that the starter reads, and let go of its pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
