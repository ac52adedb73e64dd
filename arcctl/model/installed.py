"""What helm has deployed of the agents, and what they are to become."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.agents import replicas
from arcctl.model.cluster import AGENT_NAMESPACE, RELEASE
from arcctl.model.helm_values import layered
from arcctl.model.onboarding import unreadable
from arcctl.model.shape import fits, misfit

if TYPE_CHECKING:
    from arcctl.model.helm_values import Values
    from arcctl.model.onboarding import Release

_RECORD = {
    "version": int,
    "chart": {"metadata": {"version": str}, "values?": dict},
    "config?": {"global?": dict},
    "manifest?": str,
}
_OBJECT = {"kind": str, "metadata": {"name": str}, "spec?": {"replicas?": int}}


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

    def differences(self, now: Installed) -> list[str]:
        """Return in words what is another by now, without any value; nothing where all is the same."""
        told = []
        if self.revision != now.revision:
            told.append(f"the agents' release was revision {self.revision} and is {now.revision}")
        if self.version != now.version:
            told.append(f"the agents were {self.version} and are {now.version}")
        if self.values != now.values:
            told.append("their values are others")
        return told

    def agents(self) -> dict[str, int]:
        """Return how many replicas of each agent's Deployment helm has asked for, by name."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
        try:
            objects = [each for each in yaml.load_all(self.manifest, loader) if each]
        except (yaml.YAMLError, RecursionError) as error:
            raise unreadable(RELEASE, self.namespace, "its manifest is no YAML") from error
        return {
            each["metadata"]["name"]: replicas(each)
            for each in objects
            if not misfit(each, _OBJECT)
            and each["kind"] == "Deployment"
            and each["metadata"].get("namespace") == AGENT_NAMESPACE
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


def read_record(release: Release, secret: Values, *, newest: bool) -> Installed:
    """Read a release out of the Secret in which helm keeps it.

    Raise ClusterError `release-unreadable` for anything but what helm writes.
    """
    try:
        return _installed(release.namespace, _unpacked(secret), newest=newest)
    except ValueError as error:
        raise unreadable(release.name, release.namespace, str(error)) from error


def _unpacked(secret: Values) -> dict[str, Any]:
    """Return gzipped JSON in base64, once more than the Secret's own; ValueError for all else."""
    import base64

    from arcctl.model.bounded import read_json, unzipped

    fits(secret, {"data": {"release": str}})
    found = read_json(unzipped(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    fits(found, _RECORD)
    return dict(found)


def _installed(namespace: str, release: dict[str, Any], *, newest: bool) -> Installed:
    given: Values = release.get("config") or {}
    own: Values = release["chart"].get("values") or {}
    return Installed(
        namespace,
        release["version"],
        release["chart"]["metadata"]["version"],
        given,
        layered(own, given),
        newest,
        release.get("manifest") or "",
    )


def without_namespace(of: Release, secret: Values, name: str) -> str:
    """Return a release as helm stores it, its manifest without this Namespace.

    Helm deletes what the manifest of the newest revision holds, and nothing else. Raise as
    `read_record`.
    """
    import base64
    import gzip
    import json

    try:
        release = _unpacked(secret)
    except ValueError as error:
        raise unreadable(of.name, of.namespace, str(error)) from error
    parts = re.split(r"^---\s*$", str(release.get("manifest") or ""), flags=re.MULTILINE)
    release["manifest"] = "---".join(each for each in parts if not _is_namespace(each, name))
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return base64.b64encode(packed).decode()


def _is_namespace(document: str, name: str) -> bool:
    import yaml

    if "Namespace" not in document:
        return False
    try:
        found = yaml.safe_load(document)
    except (yaml.YAMLError, RecursionError):
        return False
    return not misfit(found, _OBJECT) and (found["kind"], found["metadata"]["name"]) == (
        "Namespace",
        name,
    )
