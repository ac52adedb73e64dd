"""Runs the real helm and kubectl, and the sandbox itself, the way a shell would."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


async def ran(
    program: Path | str,
    *arguments: object,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> tuple[int, str, str]:
    """Run to the end; return the exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *map(str, arguments),
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 120)
    return process.returncode or 0, out.decode(), err.decode()


async def output(
    program: Path | str,
    *arguments: object,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run, insist that it went well, and return stdout."""
    code, out, err = await ran(program, *arguments, environment=environment, stdin=stdin)
    assert code == 0, f"{program} {' '.join(map(str, arguments))}: {err}"
    return out
