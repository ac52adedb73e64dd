"""helm's English, as arcctl's errors (`dependencies.md` 2 fault 7, `connectedk8s.md` B.13, D.3)."""

from __future__ import annotations

import errno
import re
import signal
from typing import TYPE_CHECKING

from arcctl.clients.kubernetes.trouble import DYING
from arcctl.errors import AccessError, ArcctlError, ClusterError, HelmError
from arcctl.model import machine
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a verb's failure is called where nothing more is known.
CODES = {
    "upgrade": "AZK8S0500",
    "rollback": "AZK8S0500",
    "uninstall": "AZK8S0501",
    "pull": "AZK8S0502",
    "history": "AZK8S0505",
    "status": "AZK8S0505",
    "get": "AZK8S0509",
}
TITLES = {
    "upgrade": "helm could not install the chart",
    "rollback": "helm could not roll the release back",
    "uninstall": "helm could not uninstall the release",
    "pull": "the chart cannot be pulled",
}
# What to try where nothing more is known.
REMEDIES = {
    "upgrade": "kubectl get pods,events -n azure-arc",
    "pull": "is there a proxy on the way out? export HTTPS_PROXY=http://HOST:PORT",
}
AGAIN = "run the same command again: it goes on from here"
ANOTHER = "name another helm: --helm FILE"
LOG_IN = "sign in to the registry: helm registry login HOST"
SIGN_IN = "sign in to the cluster again, then: kubectl auth whoami"
BUSY = ("another operation (install/upgrade/rollback) is in progress",)
TIMED_OUT = ("timed out waiting for the condition", "deadline exceeded", "timeout waiting for")
NO_CHART = re.compile(r'path "[^"]*" not found|chart\.yaml file is missing')
UNREACHABLE = (
    "kubernetes cluster unreachable", "connection refused", "connection reset by peer",
    "no such host", "i/o timeout", "network is unreachable", "no route to host",
    "tls handshake timeout", "failed to verify certificate",
)  # fmt: skip
# What helm refuses in a kubeconfig that the `kubernetes` package takes.
REFUSED_FILE = (
    "error loading config file", "invalid configuration", "duplicate name", "exec plugin: invalid",
    "invalid apiversion", "error in configuration",
)  # fmt: skip
UNKNOWN_TO_REGISTRY = ("401", "unauthorized", "403", "forbidden", "denied")
NOT_ITSELF = frozenset({errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.EPERM, errno.ENOTDIR})
UNKNOWN_TO_CLUSTER = ("unauthorized", "the server has asked for the client to provide credentials")
PASSING = (
    "i/o timeout", "tls handshake timeout", "connection reset", "eof", "too many requests",
    "bad gateway", "service unavailable", "internal server error", "gateway timeout",
)  # fmt: skip

LINES = 8
LENGTH = 400


def release_missing(text: str) -> bool:
    """Whether helm says that there is no such release."""
    return "release: not found" in text.lower()


def passing(text: str) -> bool:
    """Whether a pull that failed so is worth another try."""
    return _any(PASSING, text.lower())


def explained(verb: str, text: str) -> ArcctlError:
    """Turn what helm wrote to stderr into one error; secrets are taken out of the text."""
    why, low = said(text), text.lower()
    if local := machine.heard(text, why=why):
        return local
    if verb != "pull" and (error := _of_cluster(low, why)):
        return error
    if _any(BUSY, low):
        return HelmError(
            "helm is at work on this release, or was killed while it was",
            code="helm-busy",
            why=why,
            hints=AGAIN,
        )
    if verb != "pull" and _any(TIMED_OUT, low):
        return timed_out(verb, why)
    if verb == "upgrade" and NO_CHART.search(low):
        return HelmError(
            "the chart is not there any more", code=CODES["pull"], why=why, hints=AGAIN
        )
    if verb == "pull" and _any(UNKNOWN_TO_REGISTRY, low):
        return HelmError(TITLES[verb], code=CODES[verb], why=why, hints=(LOG_IN, REMEDIES[verb]))
    return HelmError(
        TITLES.get(verb, f"helm {verb} failed"),
        code=CODES.get(verb, "helm"),
        why=why,
        hints=REMEDIES.get(verb, AGAIN),
    )


def flooded(verb: str, executable: str) -> HelmError:
    """Build the error for a helm that does not stop printing, and was stopped."""
    return HelmError(
        TITLES.get(verb, f"helm {verb} failed"),
        code=CODES.get(verb, "helm"),
        why=f"{executable} printed more than any helm does, and was stopped",
        hints=(f"{executable} version", "name another: export ARCCTL_HELM=/path/to/helm"),
    )


def killed(verb: str, status: int, text: str) -> HelmError:
    """Build the error for a helm that a signal has ended; `status` is the signal, negative."""
    return HelmError(
        TITLES.get(verb, f"helm {verb} failed"),
        code=CODES.get(verb, "helm"),
        why=(f"helm was ended by {_signal(-status)}", *said(text)),
        hints=(AGAIN, "a process may be ended for want of memory: dmesg"),
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def no_json(verb: str, executable: str, stdout: bytes) -> HelmError:
    """Build the error for a helm that does not answer in JSON, which every helm does."""
    shown = " ".join(scrubbed(stdout[:LENGTH].decode("utf-8", "replace")).split())
    return HelmError(
        f"what {executable} answers to {verb} is not helm's",
        code="AZK8S0510",
        why=f"it printed: {shown}" if shown else "it printed nothing",
        hints=ANOTHER,
    )


def timed_out(verb: str, why: tuple[str, ...] = ()) -> HelmError:
    """Build the error for helm that took longer than it was given."""
    return HelmError(f"helm {verb} did not end in time", code="AZK8S0514", why=why, hints=AGAIN)


def not_run(executable: str, error: OSError) -> ArcctlError:
    """Build the error for a helm that cannot be started, or a machine that has no room for it."""
    found = machine.explained(error)
    if error.errno not in NOT_ITSELF or error.filename not in (None, executable):
        found.why = (*found.why, f"when {executable} was to be started")
        return found
    return HelmError(
        f"{executable} cannot be run",
        code="AZK8S0510",
        why=(found.message, *found.why),
        hints=(ANOTHER, *found.hints),
    )


def _of_cluster(low: str, why: tuple[str, ...]) -> ArcctlError | None:
    if DYING in low:
        return ClusterError(
            "a namespace of the release is dying",
            code="namespace-terminating",
            why=why,
            hints=AGAIN,
        )
    if "forbidden" in low:
        return AccessError(
            "the cluster forbids helm what it needs",
            code="kube-forbidden",
            why=why,
            hints="use a context that is cluster-admin: --kube-context NAME",
        )
    if _any(REFUSED_FILE, low):
        return ClusterError(
            "helm cannot use this kubeconfig",
            code="AZK8S0200",
            why=why,
            hints=(
                "kubectl refuses it in the same words: kubectl version",
                "name another file: --kube-config FILE",
            ),
        )
    if _any(UNKNOWN_TO_CLUSTER, low):
        return AccessError(
            "the cluster does not accept helm's credentials",
            code="kube-unauthorized",
            why=why,
            hints=SIGN_IN,
        )
    if _any(UNREACHABLE, low):
        return ClusterError(
            "helm cannot reach the cluster",
            code="AZK8S0202",
            why=why,
            hints="kubectl cluster-info",
        )
    return None


def said(text: str) -> tuple[str, ...]:
    """Return the last lines that helm wrote, without warnings, its own prefix, and secrets."""
    lines = [line.strip().removeprefix("Error: ") for line in scrubbed(text).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("WARNING", "level=WARN"))]
    return tuple(line[:LENGTH] for line in telling[-LINES:])


def _any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)
