"""The stand-in's own process: `python -m arcctl.sandbox.relay -c CONFIG [-d]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from arcctl.sandbox.relay.near import live
from arcctl.sandbox.relay.words import Malformed, read_config


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["-c"] or arguments[2:] not in ([], ["-d"]):
        sys.stderr.write("usage: arcProxy -c CONFIG [-d]\n")
        return 2
    try:
        asyncio.run(live(read_config(Path(arguments[1]))))
    except (Malformed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
