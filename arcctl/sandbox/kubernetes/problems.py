"""What the API server answers when it refuses, worded as the real one words it (testbed.md 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.kinds import Kind


class ApiError(Exception):
    """One `Status` object with the HTTP code it goes out under."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.code}


def _details(kind: Kind, name: str = "") -> dict[str, Any]:
    parts = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in parts.items() if value}


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{kind.qualified} "{name}" not found', _details(kind, name))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(kind: Kind, name: str) -> ApiError:
    text = f'{kind.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", text, _details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    text = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", text, _details(kind, name))


MODIFIED_MEANWHILE = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def invalid(kind: Kind, name: str, causes: list[tuple[str, str, str]]) -> ApiError:
    """Refuse a body; `causes` are reason, message and field of each fault."""
    listed = [{"reason": r, "message": m, "field": f} for r, m, f in causes]
    faults = list(dict.fromkeys(f"{f}: {m}" for _, m, f in causes))
    joined = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    subject = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {"name": name, "group": kind.group, "kind": kind.kind, "causes": listed}
    kept = {key: value for key, value in details.items() if value}
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {joined}', kept)


def invalid_options(kind: str, reason: str, field: str, message: str) -> ApiError:
    """Refuse a query parameter, which the server treats as a field of an options object."""
    cause = {"reason": reason, "message": message, "field": field}
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [cause]}
    text = f'{kind}.meta.k8s.io "" is invalid: {field}: {message}'
    return ApiError(422, "Invalid", text, details)


def bad_patch() -> ApiError:
    """Refuse a JSON patch that does not fit; the real server does not say where either."""
    text = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", text, {})


def unknown_patch_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def uid_precondition(kind: Kind, name: str, why: str) -> ApiError:
    """Refuse a deletion whose precondition fails; here the server names the kind, not the plural."""
    text = f'Operation cannot be fulfilled on {kind.kind} "{name}": {why}'
    details = {"name": name, "group": kind.group, "kind": kind.kind}
    return ApiError(409, "Conflict", text, {k: value for k, value in details.items() if value})


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    subject = f'{kind.qualified} "{name}"' if name else kind.qualified
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", _details(kind, name))


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed(kind: Kind) -> ApiError:
    text = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", text, _details(kind))


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def unsupported_media_type(accepted: tuple[str, ...]) -> ApiError:
    text = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", text)


def apply_conflict(owners: list[tuple[str, str]]) -> ApiError:
    """Refuse a server-side apply; `owners` are the other manager and the field it holds."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": field}
        for manager, field in owners
    ]
    text = f"Apply failed with {len(causes)} conflict{'s' if len(causes) > 1 else ''}: " + (
        f'conflict with "{owners[0][0]}": {owners[0][1]}'
        if len(causes) == 1
        else "conflicts with " + ", ".join(f'"{m}": {f}' for m, f in owners)
    )
    return ApiError(409, "Conflict", text, {"causes": causes})
