"""The four ways to see how a long-running operation of ARM stands (`arm.md` 1.1, 2.7).

They are ours and not azure-core's, because ARM sends addresses that must not be followed, looks
that answer 202, and bodies that mean nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure.core.polling.base_polling import LongRunningOperation

from arcctl.clients import answers, arm_errors
from arcctl.clients.channel import parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUNNING = "InProgress"
_DONE = "Succeeded"


def ways(host: str) -> list[LongRunningOperation[Any, Any]]:
    """Return them in the order in which they are tried; `host` is the only one ever asked."""
    return [_ByOperation(host), _ByLocation(host), _ByState(host), _UntilGone(host)]


class _Look(LongRunningOperation[Any, Any]):
    """One way to see how an operation stands: an address to GET and what its answer means."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._url = ""
        self._request: Any = None

    def get_polling_url(self) -> str:
        return self._url

    def get_final_get_url(self, pipeline_response: Any) -> str | None:
        """After a change the resource itself is the result; after a DELETE there is none."""
        return self._request.url if self._request.method in {"PUT", "PATCH"} else None

    def set_initial_status(self, pipeline_response: Any) -> str:
        self._request = pipeline_response.http_response.request
        return _RUNNING

    def _found(self, response: Any, header: str) -> bool:
        """Take the address from a header, byte by byte, unless it leads to another host."""
        url = response.headers.get(header) or ""
        parts = parts_of(url)
        if parts.scheme == "https" and parts.netloc.lower() == self._host:
            self._url = url
            return True
        return False


class _ByOperation(_Look):
    """`Azure-AsyncOperation`: a document with a status."""

    def can_poll(self, pipeline_response: Any) -> bool:
        response = pipeline_response.http_response
        return response.status_code != 204 and self._found(response, "azure-asyncoperation")

    def get_status(self, pipeline_response: Any) -> str:
        response = pipeline_response.http_response
        self._found(response, "azure-asyncoperation")
        return _spelled(str(body_of(response).get("status") or _RUNNING))


class _ByLocation(_Look):
    """`Location` alone: 202 while it runs, anything else when it is done."""

    def can_poll(self, pipeline_response: Any) -> bool:
        response = pipeline_response.http_response
        return response.status_code == 202 and self._found(response, "location")

    def get_status(self, pipeline_response: Any) -> str:
        response = pipeline_response.http_response
        self._found(response, "location")
        return _RUNNING if response.status_code == 202 else _DONE


class _ByState(_Look):
    """No address: the resource's own `provisioningState` tells."""

    def can_poll(self, pipeline_response: Any) -> bool:
        response = pipeline_response.http_response
        return response.request.method in {"PUT", "PATCH"}

    def set_initial_status(self, pipeline_response: Any) -> str:
        super().set_initial_status(pipeline_response)
        self._url = self._request.url
        response = pipeline_response.http_response
        told = response.status_code != 202 and body_of(response)
        return state_of(body_of(response)) if told else _RUNNING

    def get_final_get_url(self, pipeline_response: Any) -> str | None:
        """The last look, or the first answer, has been the resource already."""
        return None

    def get_status(self, pipeline_response: Any) -> str:
        return seen_state(pipeline_response.http_response)


class _UntilGone(_Look):
    """A DELETE without an address: done at once unless 202, and then when GET says 404."""

    def can_poll(self, pipeline_response: Any) -> bool:
        return True

    def set_initial_status(self, pipeline_response: Any) -> str:
        super().set_initial_status(pipeline_response)
        self._url = self._request.url
        return _RUNNING if pipeline_response.http_response.status_code == 202 else _DONE

    def get_status(self, pipeline_response: Any) -> str:
        return _RUNNING


def seen_state(response: Any) -> str:
    """Return the state of the resource that a look has shown; one that shows none is a lost look."""
    found = body_of(response)
    if wrong := answers.resource(found):
        raise arm_errors.unusable(response.request, response.status_code, wrong)
    return state_of(found)


def state_of(resource: Mapping[str, Any]) -> str:
    """Return a resource's provisioningState; one that has none is ready."""
    properties = resource.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    return _spelled(str(state or _DONE))


def _spelled(status: str) -> str:
    """ARM writes Canceled, some providers Cancelled."""
    return "Canceled" if status.lower() == "cancelled" else status


def body_of(response: Any) -> dict[str, Any]:
    """Return the JSON object of an answer; {} for a 202 without a body and for odd ones."""
    try:
        found = json.loads(response.text() or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
