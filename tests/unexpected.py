"""What arcctl did not expect, told whole: a person reads a sentence, a test wants the traceback."""

from __future__ import annotations

import traceback
from typing import Any

from arcctl import app

_unexpected = app._unexpected


def told() -> None:
    """Let each error that ends as `AZK8S0001` print where it came from."""
    app._unexpected = _told


def _told(error: Exception, *arguments: Any, **named: Any) -> Any:
    traceback.print_exception(error)
    return _unexpected(error, *arguments, **named)
