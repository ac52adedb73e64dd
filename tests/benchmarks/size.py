"""How much disk an installed arcctl takes, without the sandbox's extra."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOAL = "≤ 200 MB"


def installed() -> float:
    """MB of arcctl and everything it depends on, byte code included, pip not.

    The files' own sizes are added up; what a file system rounds them up to is its affair.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, str(ROOT)]
        subprocess.run(pip, check=True)
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        size = sum(path.lstat().st_size for path in files)
    return size / 1_000_000
