"""What Azure accepts as a name, a tag or an id; checked before anything is sent (`arc.md` F)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from arcctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_GROUP = re.compile(r"[\w.()-]{1,90}")
_TAG_FORBIDDEN = set("<>%&\\?/")
_TAG_RESERVED = ("microsoft", "azure", "windows")


def cluster_name(name: str) -> str:
    """Accept 1 to 63 letters, digits, `-`, `_`, `.` (`arm.md` 2), or raise UsageError."""
    if not _CLUSTER.fullmatch(name):
        raise UsageError(
            f"not a name for a connected cluster: {name!r}",
            code="AZK8S0100",
            why="1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit",
        )
    return name


def group_name(name: str) -> str:
    """Accept what ARM accepts for a resource group, or raise UsageError."""
    if not _GROUP.fullmatch(name) or name.endswith("."):
        raise UsageError(
            f"not a name for a resource group: {name!r}",
            code="AZK8S0100",
            why="1 to 90 letters, digits, '-', '_', '.', '(' or ')', the last not a '.'",
        )
    return name


def tags(pairs: Iterable[str]) -> dict[str, str]:
    """Read `k=v` pairs; an empty string clears, a key alone has an empty value, as in az."""
    found: dict[str, str] = {}
    for pair in filter(None, pairs):
        key, _, value = pair.partition("=")
        _check_tag(key, value)
        found[key] = value
    if len(found) > 50:
        raise UsageError(f"{len(found)} tags are too many", code="AZK8S0100", why="50 at most")
    return found


def _check_tag(key: str, value: str) -> None:
    problem = ""
    if not key or len(key) > 512:
        problem = "a tag's name has 1 to 512 characters"
    elif len(value) > 256:
        problem = "a tag's value has 256 characters at most"
    elif bad := _TAG_FORBIDDEN & set(key):
        problem = "a tag's name may not hold " + " ".join(sorted(bad))
    elif key.lower().startswith(_TAG_RESERVED):
        problem = "names that begin with microsoft, azure or windows are reserved"
    if problem:
        raise UsageError(f"bad tag: {key}={value}", code="AZK8S0100", why=problem)


def is_guid(text: str) -> bool:
    """Tell whether this is a GUID in its usual form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def arm_id(text: str, kind: str, *, code: str = "AZK8S0100") -> str:
    """Accept an ARM id that names a resource of `kind` (`Namespace/type`), or raise UsageError."""
    form = rf"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/{re.escape(kind)}/[^/]+/?"
    if not re.fullmatch(form, text, re.IGNORECASE):
        raise UsageError(
            f"not the id of a {kind.rpartition('/')[2]} resource: {text!r}",
            code=code,
            why=f"it should read /subscriptions/…/resourceGroups/…/providers/{kind}/NAME",
        )
    return text


def settings(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read `feature.setting=value`; exactly one dot in the key, `=` allowed in the value (A.2)."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        feature, dot, name = key.partition(".")
        if not (equals and dot and feature and name) or "." in name:
            raise UsageError(
                f"not a configuration setting: {key!r}",
                code="AZK8S0100",
                why="write feature.setting=value, with exactly one dot before the '='",
            )
        found.setdefault(feature, {})[name] = value
    return found
