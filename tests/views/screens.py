"""What a view wrote, beside what it should write.

A golden file is rewritten by `ARCCTL_TEST_UPDATE=1 pytest tests/views`; the change is then read
like any other change of text.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> str:
    """The text that is on record under this name; with the variable set, `text` becomes it."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("ARCCTL_TEST_UPDATE"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")
