"""How much disk an installed arcctl takes, without the sandbox's extra."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOAL = "≤ 200 MB"


def installed() -> float:
    """MB on disk of arcctl and everything it depends on, byte code included, pip not."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, str(ROOT)]
        subprocess.run(pip, check=True)
        blocks = sum(path.lstat().st_blocks for path in Path(folder).rglob("*"))
    return blocks * 512 / 1_000_000
