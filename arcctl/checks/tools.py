"""Whether the tools of a change work: helm, this machine, rights, credentials.

A change asks these before its first request that cannot be taken back, as cheaply as it can, and
only about what it will itself use (`arcctl.operations.proofs` has one list for each command).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from arcctl.checks.check import Answer, Check, check, failed, noted, passed
from arcctl.clients import room
from arcctl.clients.kubernetes.background import aside
from arcctl.errors import AccessError, ClusterError, Refusal
from arcctl.model import cluster as names
from arcctl.model import machine
from arcctl.model.duration import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from arcctl.checks.sight import Sight

FILES = 64
_MARGIN = 300
_RBAC = "rbac.authorization.k8s.io"
_CRDS = "apiextensions.k8s.io"


@check("helm reads the agents' release", code="AZK8S0510", reaching=True)
async def helm_reads(sight: Sight) -> Answer:
    """The proof of helm: it starts, and finds through this kubeconfig what the API server shows.

    It is called with the kubeconfig, environment and folders that every later call has.
    """
    helm, release = await asyncio.gather(sight.clients.helm(), sight.release())
    namespace = release.namespace if release else names.RELEASE_NAMESPACE
    found = await helm.history(names.RELEASE, namespace, most=1)
    if bool(found) == bool(release):
        return passed(".".join(map(str, helm.version)))
    kubernetes = await sight.clients.kubernetes()
    seen, missed = ("helm", "the API server") if found else ("the API server", "helm")
    context = f"--kube-context {kubernetes.context}"
    compare = f"helm history {names.RELEASE} -n {namespace} {context}"
    return failed(
        ClusterError(
            "helm reads another cluster than arcctl",
            code="AZK8S0505",
            why=f"{seen} shows release {names.RELEASE} in {namespace}, {missed} does not",
            hints=(
                f"compare: {compare}",
                "name one kubeconfig: --kube-config FILE --kube-context NAME",
            ),
        )
    )


def files(count: int = FILES) -> Check:
    """Ask whether `count` more files and connections may be opened."""

    @check("enough files may be opened", code="open-files", reaching=True)
    async def ask(_sight: Sight) -> Answer:
        try:
            room.require_files(count)
        except OSError as error:
            raise machine.explained(error, why=(f"arcctl needs up to {count} more",)) from error
        return passed(f"{count} more")

    return ask


def folders(*wanted: tuple[Path, int]) -> Check:
    """Ask whether files of these sizes can be written into these folders, in bytes."""

    @check("folders take what will be written", code="disk-full", reaching=True)
    async def ask(_sight: Sight) -> Answer:
        for folder, size in wanted:
            try:
                await aside(room.require_folder, folder, size)
            except OSError as error:
                why = (f"{size // 2**10} KiB are written there",)
                raise machine.explained(error, why=why) from error
        return passed(", ".join(str(folder) for folder, _ in wanted))

    return ask


class Right(NamedTuple):
    """What must be allowed; "" as the namespace is the whole cluster."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{where}"


def _each(verbs: str, resources: Sequence[tuple[str, str]], namespace: str = "") -> list[Right]:
    return [
        Right(verb, resource, group, namespace)
        for resource, group in resources
        for verb in verbs.split()
    ]


_OF_CLUSTER = (("clusterroles", _RBAC), ("clusterrolebindings", _RBAC))
_INSIDE = (
    ("deployments", "apps"),
    ("configmaps", ""),
    ("secrets", ""),
    ("serviceaccounts", ""),
    ("services", ""),
)
_KINDS = ("customresourcedefinitions", _CRDS)
TO_INSTALL = (
    *_each("create", [("namespaces", ""), _KINDS, *_OF_CLUSTER]),
    *_each("create update", [("secrets", "")], names.RELEASE_NAMESPACE),
    *_each("create", _INSIDE, names.AGENT_NAMESPACE),
)
TO_CHANGE = (
    *_each("create update", [("secrets", "")], names.RELEASE_NAMESPACE),
    *_each("patch", _INSIDE, names.AGENT_NAMESPACE),
    *_each("patch", _OF_CLUSTER),
)
TO_REMOVE = (
    *_each("delete", [("namespaces", ""), _KINDS, *_OF_CLUSTER]),
    *_each("delete", [("secrets", "")], names.RELEASE_NAMESPACE),
    *_each("delete", _INSIDE, names.AGENT_NAMESPACE),
)


def rights(wanted: Sequence[Right]) -> Check:
    """Ask the API server whether it will allow all of this; an answer that it withholds is a note."""

    @check("the cluster allows what will be done", code="kube-forbidden")
    async def ask(sight: Sight) -> Answer:
        try:
            if await sight.may_everything():
                return passed("everything")
            kubernetes = await sight.clients.kubernetes()
            allowed = await asyncio.gather(
                *(
                    kubernetes.may(
                        each.verb, each.resource, group=each.group, namespace=each.namespace or None
                    )
                    for each in wanted
                )
            )
        except AccessError as error:
            return noted(f"the cluster does not say what this kubeconfig may do: {error.message}")
        lacking = [str(each) for each, yes in zip(wanted, allowed, strict=True) if not yes]
        return failed(_forbidden(lacking)) if lacking else passed(f"{len(wanted)} rights")

    return ask


def _forbidden(lacking: Sequence[str]) -> AccessError:
    return AccessError(
        f"this kubeconfig may not {lacking[0]}",
        code="kube-forbidden",
        why=(
            *((f"nor {', '.join(lacking[1:5])}",) if lacking[1:] else ()),
            "it is needed after the first change, so nothing was begun",
        ),
        hints=(
            "use a context that is cluster-admin: --kube-context NAME",
            f"kubectl auth can-i {lacking[0].replace(' in namespace ', ' -n ')}",
        ),
    )


def credentials(seconds: float, *, strict: bool = False, azure: bool = True) -> Check:
    """Ask whether credentials that nobody can renew outlast `seconds` and 5 minutes.

    Only with `strict` is it a refusal; a change that can be begun again leaves a note. Without
    `azure` only the cluster's count.
    """

    @check("credentials last long enough", code="credentials-end")
    async def ask(sight: Sight) -> Answer:
        ends = await _ends(sight, azure=azure)
        if not ends:
            return passed("they are renewed")
        what, left = min(ends.items(), key=lambda each: each[1])
        if left >= seconds + _MARGIN:
            return passed(f"{what} ends in {spoken(left)}")
        how = f"ends in {spoken(left)}" if left > 0 else "has ended"
        said = f"{what} {how}; this takes about {spoken(seconds)}"
        renew = _RENEWING[what]
        if not strict:
            return noted(said, *renew)
        return failed(
            Refusal(
                said,
                code="credentials-end",
                why="nothing can renew it, and 5 min more than the estimate are needed",
                hints=renew,
            )
        )

    return ask


_AZURE, _CLUSTER = "AZURE_ACCESS_TOKEN", "the kubeconfig's token"
_RENEWING = {
    _AZURE: (
        'export AZURE_ACCESS_TOKEN="$(az account get-access-token --query accessToken -o tsv)"',
        "or unset it, and: az login",
    ),
    _CLUSTER: ("write a new token into the kubeconfig", "or name another one: --kube-config FILE"),
}


async def _ends(sight: Sight, *, azure: bool) -> dict[str, float]:
    """Return in how many seconds each credential ends that is written down and says when."""
    kubernetes = await sight.clients.kubernetes()
    found = {_CLUSTER: kubernetes.token_ends}
    identity = await sight.clients.identity() if azure else None
    if identity and not identity.renewable:
        found[_AZURE] = (await identity.whoami()).get("exp")
    return {
        name: float(end) - time.time()
        for name, end in found.items()
        if isinstance(end, int | float)
    }
