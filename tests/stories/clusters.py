"""What stories do to a cluster behind arcctl's back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

GROUP = "clusterconfig.azure.com"


def definition(plural: str) -> dict[str, Any]:
    """Return a kind of Arc's, as somebody else may have defined it."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": plural[:-1], "kind": plural[:-1].title()},
            "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": schema}],
        },
    }


def ask(stage: Stage, program: Path, line: str) -> str:
    """Run kubectl against the stage's cluster and return what it wrote."""
    done = subprocess.run(
        [str(program), *line.split()],
        env=stage.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr
