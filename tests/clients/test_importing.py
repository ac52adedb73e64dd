"""Libraries that need each other are loaded by one thread at a time."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import threading
from arcctl.clients.importing import load
failures = []
def work(*names):
    try:
        load(*names)
    except ImportError as error:
        failures.append(error)
sets = [("arcctl.clients.transport",), ("arcctl.clients.kubernetes.sign_in",),
        ("azure.identity",), ("requests.adapters",), ("arcctl.clients.helm.command",)]
threads = [threading.Thread(target=work, args=names) for names in sets]
for thread in threads: thread.start()
for thread in threads: thread.join()
raise SystemExit(str(failures) if failures else 0)
"""


def test_five_threads_load_at_once_and_none_gets_half_a_module() -> None:
    """Without turns, requests is now and then seen half made."""
    ended = subprocess.run(
        [sys.executable, "-c", RACE], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
