"""Naming a client costs nothing; only opening one loads what it stands on."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"kubernetes", "urllib3", "yaml", "requests", "pyhelm3", "pydantic", "ssl", "tarfile"}


@pytest.mark.parametrize("client", ["kubernetes", "helm"])
def test_importing_a_client_loads_nothing_heavy(client: str) -> None:
    """`import kubernetes` alone takes 0.2 s."""
    code = (
        "import asyncio, sys; before = set(sys.modules); "
        f"import arcctl.clients.{client}; print(*(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(ran.stdout.split())
    assert f"arcctl.clients.{client}" in loaded
    assert not loaded & HEAVY
