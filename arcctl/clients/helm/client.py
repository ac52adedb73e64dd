"""What arcctl asks of helm: pull, install, uninstall, look, mend."""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.helm import finding, trouble
from arcctl.clients.helm.environment import for_helm
from arcctl.clients.importing import load
from arcctl.clients.kubernetes.background import aside
from arcctl.errors import HelmError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.clients.helm.command import Command
    from arcctl.clients.helm.versions import Version
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.settings import Settings

LOOK_SECONDS = 60.0  # for calls that only read
PULL_SECONDS = 180.0
MARGIN = 20.0  # helm's own time-out comes first, since it can say what it waited for
PULL_PAUSES = (1.0, 3.0)
KEPT = ("name", "namespace", "version", "info", "labels")


@dataclass(frozen=True)
class Helm:
    """The helm binary at `path`, of `version`, for one cluster once bound to it.

    Every call may raise ClusterError AZK8S0202, AccessError `kube-forbidden` or
    `kube-unauthorized`, HelmError AZK8S0514 (out of time), `helm-busy`, or the code named there.
    """

    path: Path
    version: Version
    settings: Settings
    cluster: Kubernetes | None = None
    _pulled: dict[tuple[str, str], Path] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    async def open(cls, settings: Settings, *, note: Callable[[str], None]) -> Helm:
        """Find helm or fetch it, telling `note`; HelmError AZK8S0510 or AZK8S0511 if neither."""
        # pyhelm3 is loaded beside the search, so that no later call holds up the event loop.
        loading = asyncio.ensure_future(aside(load, "arcctl.clients.helm.command"))
        # No gather: cancelled, it would return before a helm that it has started is stopped.
        path, version = await finding.find(settings, note)
        await loading
        return cls(path, version, settings)

    def for_cluster(self, kubernetes: Kubernetes) -> Helm:
        """Return the same helm, talking to the cluster that `kubernetes` talks to."""
        return replace(self, cluster=kubernetes)

    async def pull(
        self, reference: str, version: str, into: Path, *, plain_http: bool = False
    ) -> Path:
        """Fetch `oci://…` and return the chart's folder, in a private folder below `into`.

        AZK8S0502 where there is no such chart. What may pass is tried three times.
        """
        folder = _private(into)
        command = self._command(PULL_SECONDS)
        for pause in (*PULL_PAUSES, None):
            try:
                await command.fetch(reference, version, folder, plain_http=plain_http)
                break
            except HelmError as error:
                if pause is None or not trouble.passing(" ".join(error.why)):
                    raise
                await asyncio.sleep(pause)
        return _chart_in(folder, reference)

    async def pulled(self, reference: str, version: str, into: Path) -> Path:
        """Return the folder of a chart that was fetched before, if it is still there; else `pull`."""
        found = self._pulled.get((reference, version))
        if not found or not (found / "Chart.yaml").is_file():
            found = await self.pull(reference, version, into)
            self._pulled[reference, version] = found
        return found

    async def upgrade_install(  # noqa: PLR0913 - what is installed, and how, in helm's words
        self,
        release: str,
        chart: Path,
        namespace: str,
        values: Mapping[str, Any],
        *,
        timeout: float,  # noqa: ASYNC109 - helm's own, which says what it waited for
        wait: bool = False,
        create_namespace: bool = True,
        on_line: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Install the chart or bring the release to it; `values` go by stdin.

        What people have set by hand in the chart's objects gives way, with either major of helm.
        Return name, namespace, version (the revision) and info of the release; its values and
        manifest, which hold secrets, are left out. AZK8S0500 where it fails.
        """
        command = self._command(timeout + MARGIN, on_line)
        installed = await command.install_or_upgrade(
            release,
            chart,
            dict(values),
            namespace=namespace,
            create_namespace=create_namespace,
            timeout=_seconds(timeout),
            wait=wait,
        )
        return _kept(installed)

    async def uninstall(
        self,
        release: str,
        namespace: str,
        *,
        timeout: float,  # noqa: ASYNC109 - as above
        no_hooks: bool = False,
        wait: bool = False,
    ) -> bool:
        """Remove the release; False where there was none. AZK8S0501 where it fails."""
        from arcctl.clients.helm.command import Missing

        command = self._command(timeout + MARGIN)
        try:
            await command.uninstall(
                release,
                namespace=namespace,
                no_hooks=no_hooks,
                wait=wait,
                timeout=_seconds(timeout),
            )
        except Missing:
            return False
        return True

    async def values(
        self,
        release: str,
        namespace: str,
        *,
        all: bool = False,  # noqa: A002 - helm's own word
    ) -> dict[str, Any] | None:
        """Return what the release was given, with `all` also the chart's defaults; None: no release."""
        from arcctl.clients.helm.command import Missing

        try:
            given = await self._command().get_values(release, namespace=namespace, computed=all)
        except Missing:
            return None
        return dict(given)

    async def status(self, release: str, namespace: str) -> dict[str, Any] | None:
        """Return name, namespace, version and info (with `status`), or None: no release."""
        from arcctl.clients.helm.command import Missing

        try:
            return _kept(await self._command().status(release, namespace=namespace))
        except Missing:
            return None

    async def history(
        self, release: str, namespace: str, *, most: int = 256
    ) -> list[dict[str, Any]]:
        """Return the revisions, oldest first: revision, updated, status, chart, description.

        Only the newest `most` of them.
        """
        from arcctl.clients.helm.command import Missing

        asked = self._command().history(release, namespace=namespace, max_revisions=most)
        try:
            return [*(await asked or ())]
        except Missing:
            return []

    async def chart(self, path: Path) -> dict[str, Any]:
        """Return what stands in Chart.yaml of a chart on this disk; AZK8S0502 where it is none."""
        try:
            return dict(await self._command().show_chart(path))
        except HelmError as error:
            error.code = trouble.CODES["pull"]
            raise

    async def rollback(
        self,
        release: str,
        namespace: str,
        revision: int,
        *,
        timeout: float,  # noqa: ASYNC109 - as above
    ) -> None:
        """Bring the release back to `revision`, as a new revision."""
        command = self._command(timeout + MARGIN)
        await command.rollback(release, revision, namespace=namespace, timeout=_seconds(timeout))

    def _command(
        self, limit: float = LOOK_SECONDS, on_line: Callable[[str], None] | None = None
    ) -> Command:
        from arcctl.clients.helm.command import Binding, Command

        flags, environ = self._binding()
        binding = Binding(flags, environ)
        return Command(self.path, binding, version=self.version, limit=limit, on_line=on_line)

    def _binding(self) -> tuple[tuple[str, ...], dict[str, str]]:
        cluster = self.cluster
        environ = for_helm(self.settings.environ, cluster.plugin if cluster else None)
        environ |= _registry_login(self.settings.environ)
        if not cluster:
            return (), environ
        flags = ["--kube-context", cluster.context]
        if cluster.insecure:
            flags.append("--kube-insecure-skip-tls-verify")
        return tuple(flags), environ | {"KUBECONFIG": os.pathsep.join(cluster.files)}


def _registry_login(environ: Mapping[str, str]) -> dict[str, str]:
    """Point at what `helm registry login` stored, which helm's private folders would hide."""
    named = environ.get("HELM_REGISTRY_CONFIG")
    base = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME', '')}/.config"
    path = Path(named or f"{base}/helm/registry/config.json")
    return {"HELM_REGISTRY_CONFIG": str(path)} if path.is_file() else {}


def _private(into: Path) -> Path:
    """Make a folder in one that whatever cleans up temporary files may have taken away since."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="chart-", dir=into))


def _chart_in(folder: Path, reference: str) -> Path:
    found = next(folder.glob("*/Chart.yaml"), None)
    if not found:
        raise HelmError(
            f"{reference} holds no chart",
            code="AZK8S0502",
            why="helm pulled it, and no Chart.yaml came of it",
            hints=(trouble.REMEDIES["pull"], trouble.ANOTHER),
        )
    return found.parent


def _kept(release: Mapping[str, Any]) -> dict[str, Any]:
    return {key: release[key] for key in KEPT if key in release}


def _seconds(timeout: float) -> str:
    return f"{max(1, math.ceil(timeout))}s"
