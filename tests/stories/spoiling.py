"""Bad days of tools: a helm that is none, a kubeconfig that helm refuses, a process that is limited."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml
from tests.stage import PATIENCE, Ended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stage import Stage

HARBOR = "-n harbor -g edge"
DELETE = f"delete {HARBOR} --yes"
CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"


def helm(stage: Stage, otherwise: str, version: str = "v3.17.3") -> None:
    """Let helm be a script that tells this version, and does this for every other verb."""
    script = stage.folder / "helm"
    verbs = f'case "$1" in version) echo {version}+g123;; *) {otherwise};; esac'
    script.write_text(f"#!/bin/sh\n{verbs}\n")
    script.chmod(0o755)
    stage.extra["ARCCTL_HELM"] = str(script)


def kubeconfig(stage: Stage, change: Callable[[Any], None]) -> str:
    """Write a kubeconfig that differs from the sandbox's, and return its path."""
    config = yaml.safe_load(stage.sandbox.home.kubeconfig.read_text())
    change(config)
    path = stage.folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def spoiled(config: Any) -> None:
    """Two contexts of one name, which Python's client takes and helm does not."""
    config["contexts"].append(config["contexts"][0])


def old_plugin(config: Any) -> None:
    """A credential plug-in of an apiVersion that helm no longer speaks."""
    token = config["users"][0]["user"].get("token", "")
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1alpha1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    config["users"][0]["user"] = {
        "exec": {
            "apiVersion": credential["apiVersion"],
            "command": "printf",
            "args": ["%s", json.dumps(credential)],
        }
    }


def with_limit(stage: Stage, line: str, *limits: tuple[int, int]) -> Ended:
    """Type a command in a process that is limited so."""

    def limit() -> None:
        for what, most in limits:
            resource.setrlimit(what, (most, most))

    done = subprocess.run(
        [sys.executable, "-m", "arcctl", *shlex.split(line)],
        # Python would leave compiled modules cut short, which break whatever runs next.
        env=stage.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=stage.folder,
        timeout=PATIENCE,
        check=False,
        preexec_fn=limit,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def foreign_program(path: Path) -> None:
    """Write a program of another architecture, as its first bytes tell."""
    path.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 57)
    path.chmod(0o755)


def blocked(ended: Ended, said: str) -> None:
    """Assert that a plan has a row about tools which says this."""
    assert (ended.code, "[tools]" in ended.err) == (5, True), ended.err
    assert said in ended.err, ended.err
