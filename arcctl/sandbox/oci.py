"""Helm charts as what an OCI registry stores (`testbed.md` 4, `az-on-the-wire.md` 6.13).

The charts' sources are package data under `charts/`. They are packed in memory, and always into the
same bytes, so that a digest seen in one run is the digest of the next.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

AGENTS = "azure-arc-k8sagents"
DIAGNOSTICS = "clusterdiagnosticchecks"
# 1.35.3 is the first version that leaves the private key to a Secret made beforehand: one of
# each kind (connectedk8s.md B.13). The last one is the newest.
AGENT_VERSIONS = ("1.34.2", "1.36.1")
DIAGNOSTICS_VERSION = "1.36.1"

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
_CHART_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, what they are, and the digest by which they are asked for."""

    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    @property
    def reference(self) -> dict[str, str | int]:
        return {"mediaType": self.kind, "digest": self.digest, "size": len(self.content)}


@dataclass(frozen=True, slots=True)
class Chart:
    """One version of a chart: the manifest that a tag names, and the blobs that it lists."""

    name: str
    version: str
    manifest: Blob
    blobs: tuple[Blob, ...]


def charts() -> list[Chart]:
    """Pack every chart of the sandbox, older versions first."""
    agents = [pack(AGENTS, version) for version in AGENT_VERSIONS]
    return [*agents, pack(DIAGNOSTICS, DIAGNOSTICS_VERSION)]


def pack(name: str, version: str, unreachable: Iterable[str] = ()) -> Chart:
    """Make the chart `name` as it would have been pushed with this version.

    The diagnostics find the endpoints of the regions `unreachable` closed.
    """
    closed = json.dumps(sorted(unreachable))
    sources = {
        f"{name}/{path}": source.replace("\nversion: 0.0.0", f"\nversion: {version}").replace(
            "\nunreachable: []", f"\nunreachable: {closed}"
        )
        for path, source in _sources(files("arcctl.sandbox") / "charts" / name)
    }
    config = Blob(_CONFIG_TYPE, _json(_described(sources[f"{name}/Chart.yaml"])))
    layer = Blob(_CHART_TYPE, archive(sources))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config.reference,
        "layers": [layer.reference],
        "annotations": {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.version": version,
        },
    }
    return Chart(name, version, Blob(MANIFEST_TYPE, _json(manifest)), (config, layer))


def _sources(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def _described(chart_yaml: str) -> dict[str, str]:
    lines = (line for line in chart_yaml.splitlines() if not line.startswith("#"))
    return {key: text for key, _, text in (line.partition(": ") for line in lines)}


def archive(sources: dict[str, str], mode: int = 0o644) -> bytes:
    """Pack files by path, always into the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for path, source in sources.items():
            content = source.encode()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            made.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
