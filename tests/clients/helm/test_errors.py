"""What helm says in English becomes one error with a code."""

from __future__ import annotations

import pytest
from arcctl.clients.helm import trouble
from arcctl.errors import AccessError, ArcctlError, ClusterError, HelmError

REFUSED = (
    'Error: Kubernetes cluster unreachable: Get "https://h:1/version": dial tcp: connection refused'
)
FORBIDDEN = 'Error: secrets is forbidden: User "ci" cannot list resource "secrets" in API group ""'
DYING = (
    'Error: secrets "k" is forbidden: unable to create new content in namespace azure-arc '
    "because it is being terminated"
)
BUSY = "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"


@pytest.mark.parametrize(
    ("verb", "text", "kind", "code"),
    [
        ("upgrade", REFUSED, ClusterError, "AZK8S0202"),
        ("status", "Error: dial tcp: lookup h: no such host", ClusterError, "AZK8S0202"),
        ("status", "Error: x509: failed to verify certificate", ClusterError, "AZK8S0202"),
        ("upgrade", FORBIDDEN, AccessError, "kube-forbidden"),
        ("upgrade", DYING, ClusterError, "namespace-terminating"),
        ("status", "Error: Unauthorized", AccessError, "kube-unauthorized"),
        ("upgrade", BUSY, HelmError, "helm-busy"),
        ("upgrade", "Error: timed out waiting for the condition", HelmError, "AZK8S0514"),
        ("uninstall", "Error: context deadline exceeded", HelmError, "AZK8S0514"),
        ("upgrade", 'Error: path "/x/y" not found', HelmError, "AZK8S0502"),
        (
            "pull",
            "Error: dial tcp 10.0.0.1:443: connect: connection refused",
            HelmError,
            "AZK8S0502",
        ),
        ("pull", "Error: failed to authorize: 403 Forbidden", HelmError, "AZK8S0502"),
        ("upgrade", "Error: anything else", HelmError, "AZK8S0500"),
        ("uninstall", "Error: anything else", HelmError, "AZK8S0501"),
        ("get", "Error: anything else", HelmError, "AZK8S0509"),
    ],
)
def test_each_sentence_has_its_code(
    verb: str, text: str, kind: type[ArcctlError], code: str
) -> None:
    """The cluster's troubles are told from the chart's, and both from helm's."""
    error = trouble.explained(verb, text)
    assert (type(error), error.code) == (kind, code)


def test_the_last_lines_are_the_reason() -> None:
    """Warnings and helm's own prefix are left out, and a flood is cut."""
    text = "WARNING: kubeconfig is group-readable\n" + "noise\n" * 50 + "Error: the reason\n\n"
    why = trouble.explained("upgrade", text).why
    assert why[-1] == "the reason"
    assert len(why) == trouble.LINES
