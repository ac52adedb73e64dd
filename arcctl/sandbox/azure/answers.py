"""What a handler gives back: an answer, or an error in ARM's shape (`arm.md` 11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """`body` is JSON, or bytes to be sent as they are, or None for no body at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class ArmError(Exception):
    """An error that ARM or a provider answers with. `cause` is x-ms-failure-cause."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str = "",
        details: list[Body] | None = None,
        info: list[Body] | None = None,
        headers: dict[str, str] | None = None,
        cause: str = "gateway",
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.target, self.details, self.info = target, details, info
        self.headers = {"x-ms-failure-cause": cause, **(headers or {})}

    @property
    def answer(self) -> Answer:
        return Answer(self.status, {"error": self.document}, self.headers)

    @property
    def document(self) -> Body:
        error: Body = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.info:
            error["additionalInfo"] = self.info
        return error


def bad_request(code: str, message: str, *, target: str = "") -> ArmError:
    """The provider itself refuses the body."""
    return ArmError(400, code, message, target=target, cause="service")


def conflict(code: str, message: str, *, target: str = "") -> ArmError:
    return ArmError(409, code, message, target=target, cause="service")


def not_found(path_type: str, name: str, group: str) -> ArmError:
    where = f" under resource group '{group}'" if group else ""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{path_type}/{name}'{where} was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def immutable(name: str, kind: str = "") -> ArmError:
    return conflict(
        "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=kind
    )
