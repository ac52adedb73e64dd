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
        "wait until the namespace is gone; kubectl get namespace NAME -o yaml names what holds it",
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
        "give the source credentials that work: arcctl config apply with --protected-settings",
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


def remedy_for(message: str) -> str:
    """Return what to do about a message that is well known, "" for any other."""
    found = (remedy for sign, remedy in _MEANINGS if re.search(sign, message, re.IGNORECASE))
    return next(found, "")
