"""Loading large libraries from several threads.

Where two threads import packages that need each other (requests, urllib3, msal), Python breaks the
deadlock by handing one of them half a module, which ends in an ImportError. So they take turns.
"""

from __future__ import annotations

import importlib
import threading

_ONE_AT_A_TIME = threading.RLock()


def load(*modules: str) -> None:
    """Import modules by name, while no other thread does so here."""
    with _ONE_AT_A_TIME:
        for name in modules:
            importlib.import_module(name)
