"""What helm has deployed of the agents, and what they are to become."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.agents import replicas
from arcctl.model.cluster import AGENT_NAMESPACE
from arcctl.model.helm_values import layered

if TYPE_CHECKING:
    from arcctl.model.helm_values import Values


@dataclass(frozen=True, slots=True)
class Installed:
    """A revision that was whole. `values` were given to it, `effective` has the chart's own too.

    `newest` says that nothing has been tried since; a helm that was cut or has failed leaves a
    newer revision behind. Values and manifest hold secrets, and are for nobody to print.
    """

    namespace: str
    revision: int
    version: str
    values: Values
    effective: Values
    newest: bool
    manifest: str = ""

    def agents(self) -> dict[str, int]:
        """Return how many replicas of each agent's Deployment helm has asked for, by name."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
        objects = [each for each in yaml.load_all(self.manifest, loader) if each]
        return {
            each["metadata"]["name"]: replicas(each)
            for each in objects
            if each["kind"] == "Deployment" and each["metadata"].get("namespace") == AGENT_NAMESPACE
        }

    def __repr__(self) -> str:
        return f"Installed({self.version}, revision {self.revision})"


@dataclass(frozen=True, slots=True, repr=False)
class Aim:
    """The agents' version, and the values that are to be laid over those they have."""

    version: str
    change: Values

    def reached(self, installed: Installed) -> bool:
        """Tell whether helm need not run, as all is deployed that is aimed at."""
        same = layered(installed.effective, self.change) == installed.effective
        return installed.newest and same and installed.version == self.version


def read_record(namespace: str, record: str, *, newest: bool) -> Installed:
    """Read a release as helm stores it: gzipped JSON in base64, once more than the Secret's own."""
    import base64
    import json

    from arcctl.model.bounded import unzipped

    text = unzipped(base64.b64decode(base64.b64decode(record)))
    release: dict[str, Any] = json.loads(text)
    given: Values = release.get("config") or {}
    own: Values = release["chart"].get("values") or {}
    return Installed(
        namespace,
        int(release["version"]),
        str(release["chart"]["metadata"]["version"]),
        given,
        layered(own, given),
        newest,
        str(release.get("manifest") or ""),
    )


def without_namespace(record: str, name: str) -> str:
    """Return a release as helm stores it, its manifest without this Namespace.

    Helm deletes what the manifest of the newest revision holds, and nothing else.
    """
    import base64
    import gzip
    import json

    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(record))))
    parts = re.split(r"^---\s*$", str(release.get("manifest") or ""), flags=re.MULTILINE)
    release["manifest"] = "---".join(each for each in parts if not _is_namespace(each, name))
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return base64.b64encode(packed).decode()


def _is_namespace(document: str, name: str) -> bool:
    import yaml

    if "Namespace" not in document:
        return False
    found = yaml.safe_load(document) or {}
    return bool(found.get("kind") == "Namespace" and found["metadata"].get("name") == name)
