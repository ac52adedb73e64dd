"""Waiting for ARM's long-running operations (`arm.md` 0.10 to 0.13, 1.1).

azure-core's poller runs the loop, with our ways to look, our pauses, and patience with lost looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError as CoreError
from azure.core.polling.base_polling import OperationFailed
from azure.mgmt.core.polling.async_arm_polling import AsyncARMPolling

from arcctl.clients import arm_errors, arm_looks
from arcctl.clients.pipeline import retry_after
from arcctl.errors import ArcctlError, AzureError, NotFound
from arcctl.model.duration import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.channel import Pace

_LOOKS_LOST = 5  # looks in a row that may fail before the failure is the result
_TERMINAL = frozenset({"succeeded", "failed", "canceled"})


class Polling(AsyncARMPolling):  # type: ignore[misc] # mypy is told to skip azure.mgmt
    """azure-core's loop with ARM's ways to look, our pauses, and patience with lost looks."""

    def __init__(
        self,
        host: str,
        pace: Pace,
        *,
        wait: bool = True,
        progress: Callable[[str], None] | None = None,
        accepted: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(lro_algorithms=arm_looks.ways(host))
        self._pace = pace
        self._wait = wait
        self._progress = progress
        self._accepted = accepted
        self._pauses = 0
        self._waited = 0.0
        self._lost = 0

    @property
    def found_nothing(self) -> bool:
        """Whether a DELETE met nothing. A 204 to a repeated DELETE means that the first worked."""
        repeated = bool(self._initial_response.context.get("history"))
        return self._initial_response.http_response.status_code == 204 and not repeated

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Take up the operation; `accepted` hears the first answer."""
        super().initialize(client, initial_response, deserialization_callback)
        if self._accepted:
            self._accepted(initial_response.http_response)

    async def run(self) -> None:
        """Look until it is done; raise AzureError with the innermost cause where it failed."""
        if not self._wait:
            return
        try:
            await self._poll()
        except OperationFailed as error:
            response, request = self._pipeline_response.http_response, self._started
            verb = "delete" if request.method == "DELETE" else "write"
            path = urlsplit(request.url).path
            raise arm_errors.from_operation(
                response.text(), response.headers, verb=verb, path=path
            ) from error

    async def update_status(self) -> None:
        """Look once; a look that is lost is not an operation that failed."""
        try:
            await super().update_status()
            self._lost = 0
        except NotFound as error:
            self._status = await self._without_record(error)
        except (ArcctlError, CoreError) as error:
            self._count_lost(error)
        if self._progress:
            self._progress(self._status)

    async def _delay(self) -> None:
        polls = self._pace.polls
        pause = retry_after(self._pipeline_response.http_response.headers)
        pause = pause or polls[min(self._pauses, len(polls) - 1)]
        self._pauses += 1
        self._waited += pause
        if self._waited > self._pace.longest:
            raise AzureError(
                f"Azure has not finished after {spoken(self._pace.longest)}",
                code="azure-still-running",
                why=f"the operation on {urlsplit(self._started.url).path} is {self._status}",
                hints="the same command, repeated later, goes on from there",
            )
        await self._sleep(pause)

    @property
    def _started(self) -> Any:
        return self._initial_response.http_response.request

    async def _without_record(self, error: NotFound) -> str:
        """Ask the resource where the record of its operation is not (or no longer) there."""
        if self._started.url != self._operation.get_polling_url():
            try:
                self._pipeline_response = await self.request_status(self._started.url)
                state = arm_looks.seen_state(self._pipeline_response.http_response)
            except NotFound:
                if self._started.method == "DELETE":
                    return "Succeeded"
                raise
            except ArcctlError as lost:
                self._count_lost(lost)
                return self._status
            if self._started.method != "DELETE" and state.lower() in _TERMINAL:
                return state
        elif self._started.method == "DELETE":
            return "Succeeded"
        self._count_lost(error)
        return self._status

    def _count_lost(self, error: Exception) -> None:
        self._lost += 1
        passing = isinstance(error, (NotFound, CoreError)) or (
            isinstance(error, ArcctlError) and arm_errors.transient(error)
        )
        if not passing or self._lost > _LOOKS_LOST:
            raise error
