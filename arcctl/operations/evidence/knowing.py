"""Learns secrets by their values before anything is collected, so that they are found anywhere.

What is read here is kept in memory, for as long as it takes, and written nowhere.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.model.installed import read_record
from arcctl.model.redaction import Redactor, secret_leaves, worth_hiding
from arcctl.model.scrub import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.connected_cluster import Body

_SECRETS = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/secrets"
_HELMS = "helm.sh/release.v1"
_HARMLESS = (
    names.AGENT_NAMESPACE,
    names.RELEASE_NAMESPACE,
    names.RELEASE,
    "kube-system",
    "default",
)
_HARMLESS_ENTRIES = ("namespace", "no_proxy", "ca.crt", "tls.crt")


async def redactor(sight: HealthSight, patience: float, *, on: bool) -> tuple[Redactor, str]:
    """Return who redacts, and what could not be learned for it, or ""."""
    if not on:
        return Redactor(on=False), ""
    known = set(secrets_of(sight.clients.settings.environ))
    trouble = ""
    try:
        async with asyncio.timeout(patience):
            known |= await _in_cluster(sight)
    except ArcctlError as error:
        trouble = error.message
    except (TimeoutError, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        trouble = str(error) or "no answer in time"
    cluster = sight.cluster
    harmless = (*_HARMLESS, cluster.name, cluster.group, cluster.subscription, cluster.path)
    return Redactor(worth_hiding(known, harmless)), trouble


async def _in_cluster(sight: HealthSight) -> set[str]:
    kubernetes = await sight.clients.kubernetes()
    found = {
        value
        async for secret in kubernetes.items(_SECRETS)
        if secret.get("type") != _HELMS
        for value in _held(secret)
    }
    if release := await sight.release():
        record = await kubernetes.get(release.record)
        read = read_record(release, record, newest=True)
        found |= set(secret_leaves(read.values))
    return found


def _held(secret: Body) -> Iterator[str]:
    """Yield the values of a Secret; of an address only its password is one."""
    for name, encoded in (secret.get("data") or {}).items():
        try:
            value = base64.b64decode(encoded).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if name.lower() in _HARMLESS_ENTRIES:
            continue
        if value.startswith(("http://", "https://")):
            yield from secrets_of({"": value})
        else:
            yield value
