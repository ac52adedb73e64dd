"""Helm's own record of a release, as it lies in a Secret (`connectedk8s.md` C.1).

helm 3 and helm 4 read the same: gzipped JSON, base64 once by helm and once by Kubernetes.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    Object = dict[str, Any]

UNFINISHED = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})


@dataclass(frozen=True, slots=True)
class Record:
    """One revision of a release; `document` is the whole of it as helm wrote it."""

    document: Object

    @property
    def revision(self) -> int:
        return int(self.document["version"])

    @property
    def status(self) -> str:
        return str(self.document["info"]["status"])

    @property
    def objects(self) -> list[Object]:
        """Return the objects of the manifest."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load_all(self.document["manifest"], loader)
        return [each for each in found if isinstance(each, dict)]

    @property
    def secret_name(self) -> str:
        return f"sh.helm.release.v1.{self.document['name']}.v{self.revision}"

    def superseded(self) -> Record:
        info = self.document["info"] | {"status": "superseded"}
        return replace(self, document=self.document | {"info": info})


def new(name: str, namespace: str, chart: Object, objects: list[Object], **more: Any) -> Record:
    """Make a deployed revision. `more`: revision, values, first (text) and now (datetime)."""
    now = _text(more["now"])
    revision = more["revision"]
    said = "Install complete" if revision == 1 else "Upgrade complete"
    manifest = "".join(
        f"---\n# Source: {chart['name']}/templates/{each['kind'].lower()}.yaml\n"
        f"{json.dumps(each, indent=2)}\n"
        for each in objects
    )
    document = {
        "name": name,
        "info": {
            "first_deployed": more["first"] or now,
            "last_deployed": now,
            "deleted": "",
            "description": said,
            "status": "deployed",
        },
        "chart": {
            "metadata": chart,
            "lock": None,
            "templates": [],
            "values": {},
            "schema": None,
            "files": None,
        },
        "config": more["values"],
        "manifest": manifest,
        "version": revision,
        "namespace": namespace,
    }
    return Record(document)


def secret(record: Record, now: datetime) -> Object:
    """Return the Secret in which helm keeps a revision."""
    document = record.document
    packed = gzip.compress(json.dumps(document).encode(), mtime=0)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {
            "name": record.secret_name,
            "namespace": document["namespace"],
            "labels": {
                "name": document["name"],
                "owner": "helm",
                "status": record.status,
                "version": str(record.revision),
                "modifiedAt": str(int(now.timestamp())),
            },
        },
        "data": {"release": base64.b64encode(base64.b64encode(packed)).decode()},
    }


def read(held: Object) -> Record:
    packed = base64.b64decode(base64.b64decode(held["data"]["release"]))
    # Helm before 3.0 did not compress; nobody here writes so, and everybody can read it.
    text = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    return Record(json.loads(text))


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
