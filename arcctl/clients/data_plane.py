"""Arc's configuration service of a region: chart, values, health (`connectedk8s.md` B.1.26-27)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.clients import answers
from arcctl.errors import AccessError, AzureError

if TYPE_CHECKING:
    from arcctl.clients.answers import Expected
    from arcctl.clients.arm import Arm
    from arcctl.clients.channel import Channel

_SETTINGS_VERSION = "2024-07-01-preview"
_CHART_VERSION = "2019-11-01-preview"


@dataclass(frozen=True, slots=True)
class HelmSettings:
    """The chart (`registry/path/name:version`) and its values by dotted key.

    A value `redacted:FEATURE:SETTING` stands for a secret that only the caller knows.
    """

    repository_path: str
    values: dict[str, str]


class DataPlane:
    """Asks with ARM's token, over ARM's connections where both live on one host."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._channels: dict[str, Channel] = {}

    async def healthy(self, region: str) -> None:
        """Return if the service answers in this region; raise AzureError `AZK8S0300` if not."""
        try:
            await self._ask(region, "healthCheck", {"api-version": _SETTINGS_VERSION})
        except AzureError as error:
            raise AzureError(
                f"Arc's configuration service in {region} does not answer",
                code="AZK8S0300",
                status=error.status,
                azure_code=error.azure_code,
                correlation_id=error.correlation_id,
                why=(error.message, *error.why),
                hints=(f"allow {self._arm.cloud.data_plane_for(region)} through", *error.hints),
            ) from error

    async def helm_settings(
        self, resource: dict[str, Any], *, region: str, train: str = "stable"
    ) -> HelmSettings:
        """Return chart and values for a connected cluster as ARM describes it, `id` included.

        Where the answer names no chart, the newest one of the train is asked for.
        """
        query = {"api-version": _SETTINGS_VERSION, "releaseTrain": train}
        found = await self._ask(region, "GetHelmSettings", query, resource, answers.settings)
        values = found.get("helmValuesContent") or {}
        return HelmSettings(
            str(found.get("repositoryPath") or "") or await self.latest_chart(region, train),
            {str(key): str(value) for key, value in values.items()},
        )

    async def latest_chart(self, region: str, train: str = "stable") -> str:
        """Return `registry/path/name:version` of the newest agents of a release train."""
        query = {"api-version": _CHART_VERSION, "releaseTrain": train}
        found = await self._ask(region, "GetLatestHelmPackagePath", query)
        if path := str(found.get("repositoryPath") or ""):
            return path
        raise AzureError(
            f"Arc's configuration service in {region} names no chart for train {train}",
            code="helm-registry-path",
            hints="is RELEASETRAIN right?",
        )

    async def _ask(
        self,
        region: str,
        verb: str,
        query: dict[str, str],
        body: Any = None,
        expected: Expected = answers.anything,
    ) -> dict[str, Any]:
        from arcctl.clients.channel import with_query

        url = self._arm.cloud.data_plane_for(region)
        channel = self._channels.get(url)
        if channel is None:
            channel = self._channels[url] = self._arm.beside(self._arm.cloud.audience, url)
        where = with_query(f"{url}/azure-arc-k8sagents/{verb}", query)
        try:
            # All its POSTs are questions, so they may be asked again.
            answer = await channel.send("POST", where, body, expected=expected)
        except AccessError as error:
            raise AccessError(
                f"Arc's configuration service in {region} refused: {error.message}",
                code=error.code,
                why=error.why,
                hints=error.hints,
            ) from error
        return answer.body if isinstance(answer.body, dict) else {}
