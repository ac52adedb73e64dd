"""What well-known messages mean, and what to do about them (`arc.md` A14)."""

from __future__ import annotations

import re

_MEANINGS = (
    # T42
    (
        r"invalid ownership metadata|already exists and cannot be imported",
        "remove what an earlier helm install of the same thing left behind, then try again",
    ),
    # T43
    (
        r"being terminated",
        "wait until the namespace is gone; to see what holds it: kubectl get namespace NAME -o yaml",
    ),
    # T44
    (
        r"AZURE_TENANT_ID.*index of untyped nil",
        "upgrade microsoft.flux to 1.15.2 or newer",
    ),
    # T45
    (
        r"does not support dry run",
        "set sideEffects of that admission webhook to None or NoneOnDryRun",
    ),
    # T47
    (
        r"no azure identity found",
        "upgrade microsoft.flux: pod identity stands between it and its identity",
    ),
    # T49
    (
        r"iptables.*table.*nat|can't initialize iptables table",
        "load the kernel module on every node: modprobe iptable_nat",
    ),
    # T50
    (
        r"privileged (containers|pods) (are )?not allowed|SecurityContext.*privileged.*forbidden",
        "allow privileged pods: juju config kubernetes-control-plane allow-privileged=true",
    ),
    (
        r"authentication required|invalid credentials|unable to authenticate",
        "give the source credentials that work: arcctl config apply -n NAME --file FILE --protected-settings FILE",
    ),
    (
        r"no such host|i/o timeout|connection refused|proxyconnect",
        "let the cluster reach that host, through its proxy where there is one",
    ),
    (
        r"x509|certificate signed by unknown authority",
        "TLS is opened on the way: give the authority's certificate with --proxy-cert",
    ),
)

# What the agent that fetches the identity writes when it cannot; the first that fits is meant.
_OBSTACLES = (
    (
        r"x509: certificate has expired or is not yet valid",
        "the nodes' clock is wrong, or a certificate on the way has ended",
        "set the nodes' clocks by NTP: timedatectl set-ntp true",
    ),
    (
        r"x509|certificate signed by unknown authority",
        "somebody opens TLS on the way, with an authority that the agents do not know",
        "give that authority to the agents with --proxy-cert, or exempt *.his.arc.azure.com",
    ),
    (
        r"407|Proxy Authentication Required",
        "the proxy wants other credentials than the agents have",
        "give the agents the proxy's address with user and password: --proxy-https",
    ),
    (
        r"proxyconnect",
        "the proxy that the agents were told of does not answer",
        "give the agents a proxy that does: --proxy-https",
    ),
    (
        r"no such host|server misbehaving",
        "the cluster's DNS does not know the identity service",
        "look at the cluster's DNS: kubectl logs -n kube-system -l k8s-app=kube-dns",
    ),
    (
        r"i/o timeout|connection refused|connection reset|deadline exceeded",
        "the way to the identity service is blocked",
        "allow *.his.arc.azure.com on 443, or give the agents a proxy: --proxy-https",
    ),
    # T51
    (
        r"(decode|parse|read).{0,40}PEM|PEM.{0,40}(decode|parse|invalid)",
        "the private key in the cluster is not in a form that the agents read",
        "delete and connect again: the tool that connected it wrote the key wrongly",
    ),
    (
        r"\b40[13]\b|unauthorized|forbidden",
        "Azure refuses the cluster's key",
        "connect again: the resource was made with another key",
    ),
)


def obstacle_in(log: str) -> tuple[str, str, str] | None:
    """Return cause, remedy and the newest line that tells it, or None where no line is known."""
    for line in reversed(log.splitlines()):
        for sign, cause, remedy in _OBSTACLES:
            if re.search(sign, line, re.IGNORECASE):
                return cause, remedy, line.strip()[:240]
    return None


_RELAY = re.compile(r"servicebus\.|\brelay\b", re.IGNORECASE)
# T15: what the agent of cluster connect meets on its way to the relay.
_RELAY_OBSTACLES = (
    (
        r"no such host|server misbehaving",
        "the cluster's DNS does not know it",
        "look at the cluster's DNS: kubectl logs -n kube-system -l k8s-app=kube-dns",
    ),
    (
        r"x509|certificate signed by unknown authority",
        "somebody opens TLS on the way",
        "exempt *.servicebus.windows.net, or give that authority to the agents with --proxy-cert",
    ),
    (
        r"proxyconnect|\b407\b|Proxy Authentication Required",
        "the agents' proxy does not let it through",
        "give the agents a proxy that lets websockets pass: --proxy-https",
    ),
    (
        r"bad handshake|unexpected EOF|\b403\b|timeout|refused|reset|deadline exceeded",
        "the way is blocked, or something on it does not let websockets pass",
        "allow websockets to *.servicebus.windows.net on 443",
    ),
)


def relay_obstacle_in(log: str) -> tuple[str, str, str] | None:
    """Return cause, remedy and line if the newest line about the relay tells of an obstacle.

    A later line about the relay that tells of none means that the agent has got there since.
    """
    for line in reversed(log.splitlines()):
        if not _RELAY.search(line):
            continue
        for sign, cause, remedy in _RELAY_OBSTACLES:
            if re.search(sign, line, re.IGNORECASE):
                return cause, remedy, line.strip()[:240]
        return None
    return None


def remedy_for(message: str) -> str:
    """Return what to do about a message that is well known, "" for any other."""
    found = (remedy for sign, remedy in _MEANINGS if re.search(sign, message, re.IGNORECASE))
    return next(found, "")
