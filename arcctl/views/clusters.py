"""How connected clusters and their agents look to a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arcctl.model.duration import spoken
from arcctl.model.support import A_MAJOR, NEWEST_AGENT, SUPPORTED_MINORS, minors_behind
from arcctl.model.times import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.agents import AgentState
    from arcctl.views.shown import Stream

Printed = dict[str, Any]

# The agents renew between day 46 and day 90 of the certificate's life (`arc.md` B2).
_RENEWS_BELOW = 44
_URGENT_BELOW = 14
_MINUTE = 60

_MEANING = {
    "Connecting": "the resource is there, no agent has reached Azure yet",
    "Connected": "last heartbeat {age} ago",
    "Offline": "no heartbeat for {age}: the agents are gone or cannot reach Azure",
    "Expired": "the identity certificate has expired: delete and connect again",
    "AgentNotInstalled": "made without agents; to install them: arcctl connect --adopt --private-key FILE",
}


def row(cluster: Printed) -> Printed:
    """Return a line of the table: the peer's three columns, then what its users miss."""
    return {
        "Name": cluster["name"],
        "Location": cluster["location"],
        "ResourceGroup": cluster["resourceGroup"],
        "ConnectivityStatus": cluster["connectivityStatus"],
        "AgentVersion": cluster["agentVersion"],
        "KubernetesVersion": cluster["kubernetesVersion"],
        "Nodes": cluster["totalNodeCount"],
        "LastSeen": _to_the_second(cluster["lastConnectivityTime"]),
    }


def _to_the_second(time: str | None) -> str | None:
    when = read(time)
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if when else time


def agent_row(agent: AgentState) -> Printed:
    """Return a line of the table of agents."""
    return {
        "Agent": agent.name,
        "Ready": f"{agent.ready}/{agent.total}",
        "Restarts": agent.restarts,
        "Kind": "optional" if agent.optional else "always",
        "Job": agent.job,
        "Reason": agent.reason,
    }


def _age(time: str | None, now: datetime) -> str:
    when = read(time)
    return spoken(max(0.0, (now - when).total_seconds())) if when else "an unknown time"


def write(
    cluster: Printed,
    out: Stream,
    agents: Sequence[AgentState] = (),
    features: Sequence[str] = (),
) -> None:
    """Write one cluster as a person reads it; `features` are those that its agents know of."""
    now = datetime.now(UTC)
    status = cluster["connectivityStatus"] or "Unknown"
    meaning = _MEANING.get(status, "a status this arcctl does not know")
    if status == "Offline" and _is_young(cluster["lastConnectivityTime"], now):
        # One clock, or both, is wrong: Azure says Offline a quarter of an hour after a heartbeat.
        meaning = meaning.replace(" for {age}", "")
    age = _age(cluster["lastConnectivityTime"], now)
    out.write(f"{cluster['name']}   {status}   {meaning.format(age=age)}\n")
    for title, text in _facts(cluster, now, features):
        out.write(f"  {title:<12} {text}\n")
    if agents:
        out.write("\n")
        write_agents(agents, out)


def _is_young(time: str | None, now: datetime) -> bool:
    when = read(time)
    return when is not None and (now - when).total_seconds() < _MINUTE


def _facts(cluster: Printed, now: datetime, inside: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "resource", f"{cluster['id']} · {cluster['location']}"
    if cluster["provisioningState"] not in ("Succeeded", None):
        yield "state", str(cluster["provisioningState"])
    yield "cluster", _cluster(cluster)
    yield "agents", _agents(cluster)
    yield "identity", _identity(cluster, now)
    features = ", ".join((*_features(cluster), *inside))
    yield "features", features or "none that the resource shows"
    if cluster["tags"]:
        yield "tags", " ".join(f"{key}={value}" for key, value in cluster["tags"].items())
    for error in (cluster["arcAgentProfile"] or {}).get("agentErrors") or []:
        yield "agent error", f"{error.get('component')}: {error.get('message')}"


def _cluster(cluster: Printed) -> str:
    if not cluster["kubernetesVersion"]:
        return f"{cluster['distribution'] or 'generic'} · no heartbeat yet"
    nodes, cores = cluster["totalNodeCount"], cluster["totalCoreCount"]
    return (
        f"Kubernetes {cluster['kubernetesVersion']} · {counted(nodes, 'node')}, "
        f"{counted(cores, 'core')} · {cluster['distribution'] or 'generic'}"
    )


def counted(number: int | None, noun: str) -> str:
    """Write `1 node`, `3 nodes`, or that nobody has counted."""
    return f"{'?' if number is None else number} {noun}{'' if number == 1 else 's'}"


def _agents(cluster: Printed) -> str:
    version = cluster["agentVersion"]
    upgrade = (cluster["arcAgentProfile"] or {}).get("agentAutoUpgrade")
    automatic = f"auto-upgrade {'off' if upgrade == 'Disabled' else 'on'}"
    if not version:
        return f"version unknown until the first heartbeat · {automatic}"
    return f"{version}, {support(version)} · {automatic}"


def support(version: str) -> str:
    """Say where an agent version stands in the window of two minors back."""
    behind = minors_behind(version, NEWEST_AGENT)
    if behind is None:
        return "support unknown"
    if behind > SUPPORTED_MINORS:
        far = f"{behind} minors" if behind < A_MAJOR else "a major version"
        return f"out of support: {far} behind, arcctl upgrade"
    return "newest in support" if behind == 0 else "in support"


def _identity(cluster: Printed, now: datetime) -> str:
    until = read(cluster["managedIdentityCertificateExpirationTime"])
    if not until:
        return "no certificate yet"
    days = (until - now).days
    if until <= now:
        return f"certificate expired {spoken((now - until).total_seconds())} ago"
    valid = f"certificate valid {counted(days, 'day')} more"
    if days <= _URGENT_BELOW:
        return f"warning: {valid}; bring the cluster online to renew it"
    return f"{valid}, agents are trying to renew it" if days <= _RENEWS_BELOW else valid


def _features(cluster: Printed) -> Iterator[str]:
    if (cluster["oidcIssuerProfile"] or {}).get("enabled"):
        yield "oidc-issuer"
    if ((cluster["securityProfile"] or {}).get("workloadIdentity") or {}).get("enabled"):
        yield "workload-identity"
    if (cluster["gateway"] or {}).get("enabled"):
        yield "gateway"
    if cluster["privateLinkState"] == "Enabled":
        yield "private-link"
    if (cluster["aadProfile"] or {}).get("enableAzureRbac"):
        yield "azure-rbac"
    for each in cluster["arcAgentryConfigurations"] or []:
        yield str(each.get("feature"))


def write_agents(agents: Sequence[AgentState], out: Stream) -> None:
    """Write the agents, one a line, the reason only where one is not well."""
    width = max(len(agent.name) for agent in agents)
    for agent in agents:
        mark = "✓" if agent.healthy else "✗"
        restarts = f"  {counted(agent.restarts, 'restart')}" if agent.restarts else ""
        optional = " (optional)" if agent.optional else ""
        out.write(
            f"  {mark} {agent.name:<{width}}  {agent.ready}/{agent.total}{restarts}"
            f"  {agent.job}{optional}\n"
        )
        if agent.reason:
            out.write(f"      {agent.reason}\n")
    well = sum(agent.healthy for agent in agents)
    out.write(f"{well} of {len(agents)} agents are well.\n")
