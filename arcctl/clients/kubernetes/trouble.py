"""What went wrong between arcctl and the API server, as arcctl's errors.

AZK8S0202: the server was not reached; `kube-unauthorized`, `kube-forbidden`: it refused us; any
other status: a ClusterError whose code is the server's reason (`connectedk8s.md` D.4).
"""

from __future__ import annotations

import json
import ssl
from typing import Any

from arcctl.clients import bodies
from arcctl.errors import AccessError, ArcctlError, ClusterError, plain_code
from arcctl.model import machine

# A namespace on its way out refuses new content with 403, though nobody lacks a right
# (`connectedk8s.md` trap 29).
DYING = "because it is being terminated"
_ITS_OWN_FAULT = 500
UNUSABLE = "kube-unusable-answer"
NO_SERVER = "what answers there is no API server"
PACKED = "its answer cannot be unpacked"
DYING_WHY = "a deletion is under way; it takes 5 s, with running pods up to 60 s"


class KubernetesAccessError(AccessError):
    """The API server refused: `status` 401 (who are you) or 403 (you may not)."""

    def __init__(
        self, message: str, *, status: int, code: str, why: str = "", hints: str = ""
    ) -> None:
        super().__init__(message, code=code, why=why or (), hints=hints or ())
        self.status = status


def unreachable(server: str, *why: str, hint: str = "kubectl cluster-info") -> ClusterError:
    """Build the error for a server that does not answer."""
    return ClusterError(
        f"the cluster at {server} cannot be reached", code="AZK8S0202", why=why, hints=hint
    )


def unsendable(server: str, error: Exception) -> ClusterError:
    """Build the error for a request that could not be put together, without quoting why."""
    return ClusterError(
        f"the kubeconfig's way to {server} cannot be used",
        code="AZK8S0200",
        why=f"no request can be sent with what it says: {type(error).__name__}",
        hints="kubectl get --raw /version",
    )


def unusable(method: str, path: str, wrong: str) -> ClusterError:
    """Build the error for an answer that is none; nothing may be concluded from it."""
    return ClusterError(
        "the cluster did not answer what it was asked",
        code=UNUSABLE,
        why=(
            f"{method} {path}: {wrong}",
            "an empty or broken answer does not mean that there is nothing",
        ),
        hints="kubectl get --raw '/readyz?verbose'",
    )


def says_nothing(error: ClusterError) -> bool:
    """Whether an answer came that says nothing, so that it may be asked for again.

    One that is too long was no accident, and to read it again costs as much.
    """
    if any(bodies.WRONG in line for line in error.why):
        return False
    return error.code == UNUSABLE or NO_SERVER in error.why or PACKED in error.why


def from_failure(server: str, error: BaseException) -> ArcctlError:
    """Translate what urllib3 raised: refused, not found by name, TLS, silence."""
    if refused := machine.beneath(error):
        return machine.explained(refused, why=(f"when {server} was to be asked",))
    if type(error).__name__ == "DecodeError":
        return unreachable(server, PACKED)
    cause = _innermost(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted: {cause.verify_message}"
        return unreachable(server, why, hint="compare certificate-authority in the kubeconfig")
    if isinstance(cause, ssl.SSLError):
        return unreachable(server, f"TLS failed: {cause.reason or cause}")
    if isinstance(cause, TimeoutError):
        return unreachable(server, "no answer in time")
    if isinstance(cause, OSError) and cause.strerror:
        return unreachable(server, cause.strerror)
    text = str(cause)
    return unreachable(server, "no answer in time" if "timed out" in text else text)


def _innermost(error: BaseException) -> BaseException:
    seen: BaseException = error
    while True:
        inner: Any = getattr(seen, "reason", None) or seen.__cause__ or seen.__context__
        if not isinstance(inner, BaseException):
            inner = next((each for each in seen.args if isinstance(each, BaseException)), None)
        if inner is None:
            return seen
        seen = inner


def from_status(method: str, path: str, status: int, body: bytes) -> Exception:
    """Translate an answer of 400 and up; the server's message says which object and why."""
    reason, message = _said(body)
    if status == 401:
        return KubernetesAccessError(
            "the cluster does not accept the kubeconfig's credentials",
            status=status,
            code="kube-unauthorized",
            why=message or "they have expired, or belong to another cluster",
            hints="sign in to the cluster again, then: kubectl auth whoami",
        )
    if status == 403 and DYING in message:
        return ClusterError(message, status=status, code="namespace-terminating", why=DYING_WHY)
    if status == 403:
        return KubernetesAccessError(
            f"the cluster forbids {method} {path}",
            status=status,
            code="kube-forbidden",
            why=message,
            hints="kubectl auth can-i --list",
        )
    return ClusterError(
        message or f"the cluster answered {status} to {method} {path}",
        status=status,
        code=reason or f"http-{status}",
        why=f"{method} {path}: {status}",
        hints="kubectl get --raw '/readyz?verbose'" if status >= _ITS_OWN_FAULT else (),
    )


def _said(body: bytes) -> tuple[str, str]:
    """Return reason and message of a Status object; proxies in between answer with anything."""
    try:
        said = json.loads(body)
        return plain_code(said.get("reason")), str(said.get("message") or "").rstrip(".")
    except (ValueError, AttributeError, RecursionError):
        return "", ""
