"""What arcctl itself asks of a registry: whether it is there, and one artifact of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from arcctl.errors import ArcctlError, AzureError
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from arcctl.settings import Settings

_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SECONDS = (5, 60)  # to connect, and between two pieces of an answer
_LARGEST = 256 * 1024 * 1024  # the relay program has about 20
CANNOT_FETCH = "AZK8S0800"


async def reach(settings: Settings, host: str) -> None:
    """Return if the registry answers at all; raise AzureError AZK8S0502 where it does not.

    An answer that asks for credentials is an answer; one that fails on the server's side is none.
    """
    from arcctl.clients.channel import Channel, Pace

    channel = Channel(settings, pace=Pace(retries=0))
    try:
        await channel.send("GET", f"https://{host}/v2/")
    except ArcctlError as error:
        status = getattr(error, "status", 0)
        if 0 < status < 500 or error.code == "azure-not-json":
            return
        raise AzureError(
            f"the registry {host} does not answer",
            code="AZK8S0502",
            status=status,
            why=(error.message, *error.why),
            hints=(f"allow https://{host} through, or set HTTPS_PROXY", *error.hints),
        ) from error
    finally:
        await channel.close()


def pull(host: str, repository: str, tag: str) -> bytes:
    """Return the one layer of an OCI artifact; blocks.

    Manifest and layer must have the digests by which the registry names them. Every failure is an
    AzureError AZK8S0800.
    """
    what = f"{host}/{repository}:{tag}"
    base = f"https://{host}/v2/{repository}"
    manifest = _get(what, f"{base}/manifests/{tag}", accept=", ".join(_MANIFEST_TYPES))
    named = manifest.headers.get("Docker-Content-Digest")
    if named:
        _check(what, "manifest", manifest.content, named)
    digest = _layer(what, manifest)
    layer: bytes = _get(what, f"{base}/blobs/{digest}").content
    _check(what, "layer", layer, digest)
    return layer


def _get(what: str, url: str, accept: str = "*/*") -> Any:
    import requests

    from arcctl.clients import bodies

    try:
        with requests.get(url, headers={"Accept": accept}, timeout=_SECONDS, stream=True) as answer:
            answer._content = bodies.whole(answer.iter_content(bodies.PART), _LARGEST)
    except bodies.TooLong as error:
        raise _unfetched(what, f"it is larger than {_LARGEST // 1024**2} MiB") from error
    except requests.RequestException as error:
        raise _unfetched(what, scrubbed(str(error))) from error
    if answer.status_code == 404:
        raise _unfetched(what, "the registry has none of that name")
    if answer.status_code != 200:
        raise _unfetched(what, f"the registry answers {answer.status_code}")
    return answer


def _layer(what: str, manifest: Any) -> str:
    try:
        [layer] = manifest.json()["layers"]
        return str(layer["digest"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _unfetched(what, "its manifest does not name one layer") from error


def _check(what: str, part: str, content: bytes, digest: str) -> None:
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if found != digest:
        raise _unfetched(
            what, f"its {part} is not what was named: expected {digest}", f"found {found}"
        )


def _unfetched(what: str, *why: str) -> AzureError:
    host = what.partition("/")[0]
    return AzureError(
        f"{what} cannot be fetched",
        code=CANNOT_FETCH,
        why=why,
        hints=(
            f"allow https://{host} and https://*.data.{host} through, or set HTTPS_PROXY",
            "or name a mirror of it: export ARCCTL_RELAY_REGISTRY=HOST",
        ),
    )
