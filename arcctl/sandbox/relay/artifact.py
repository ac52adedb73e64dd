"""The stand-in relay as Microsoft's registry has the real one: an artifact per platform.

The layer is an archive with the program in a folder, as in the neighbouring artifacts of the same
repository. The program is a script that starts `arcctl.sandbox.relay` with this very Python, so it
works on the machine on which the sandbox runs.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import arcctl
from arcctl.sandbox.oci import MANIFEST_TYPE, Blob, Chart, archive

VERSION = "1.3.034631"
PLATFORMS = ("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")
_EMPTY = Blob("application/vnd.unknown.config.v1+json", b"{}")
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


def repositories() -> dict[str, list[Chart]]:
    """Lay the artifact out under its names."""
    return {
        f"azureconnectivity/proxy/{platform}/arc-proxy": [_artifact(platform)]
        for platform in PLATFORMS
    }


def _artifact(platform: str) -> Chart:
    folder = f"arcProxy_{platform.replace('/', '_')}_{VERSION.replace('.', '_')}"
    files = {f"{folder}/arcProxy": _script(), f"{folder}/LICENSE.txt": ""}
    layer = Blob(_LAYER_TYPE, archive(files, 0o755))
    title = {"org.opencontainers.image.title": f"{folder}.tar.gz"}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _EMPTY.reference,
        "layers": [{**layer.reference, "annotations": title}],
    }
    content = json.dumps(manifest, separators=(",", ":")).encode()
    return Chart("arc-proxy", VERSION, Blob(MANIFEST_TYPE, content), (_EMPTY, layer))


def _script() -> str:
    # From this folder `-m` finds this arcctl, and never a namesake in somebody's own.
    folder, python = Path(arcctl.__file__).parents[1], sys.executable
    return (
        "#!/bin/sh\n"
        f"cd {shlex.quote(str(folder))} || exit 1\n"
        f'exec {shlex.quote(python)} -m arcctl.sandbox.relay "$@"\n'
    )
