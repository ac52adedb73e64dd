"""Questions about what stands around the agents and may keep them from working."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.check import Answer, check, noted, passed, wrong

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

Body = dict[str, Any]


@check("the quota leaves room", code="quota-exhausted")
async def quota(sight: HealthSight) -> Answer:
    """A ResourceQuota that is used up refuses the next pod, at the next upgrade at the latest."""
    full = [
        f"{each['metadata']['name']}: {what} {used} of {limit}"
        for each in await sight.in_agents_namespace("/api/v1/resourcequotas")
        for what, used, limit in _used(each)
        if _amount(used) >= _amount(limit)
    ]
    if not full:
        return passed()
    return wrong(
        f"a quota of namespace azure-arc is used up: {full[0]}",
        f"kubectl edit resourcequota -n azure-arc {full[0].partition(':')[0]}",
        why=tuple(full),
    )


def _used(quota: Body) -> list[tuple[str, str, str]]:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    return [(what, str(used[what]), str(hard[what])) for what in hard if what in used]


_UNITS = {
    "m": 1e-3,
    **{unit: 1000.0**power for power, unit in enumerate("kMGT", 1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGT", 1)},
}


def _amount(quantity: str) -> float:
    """Read Kubernetes' way of writing amounts; raise ValueError for any other."""
    for unit in sorted(_UNITS, key=len, reverse=True):
        if quantity.endswith(unit):
            return float(quantity.removesuffix(unit)) * _UNITS[unit]
    return float(quantity)


@check("the agents may talk to each other", code="network-policy")
async def policies(sight: HealthSight) -> Answer:
    """T37: a policy in the namespace may cut agent from agent, or all of them from Azure."""
    path = "/apis/networking.k8s.io/v1/networkpolicies"
    found = [each["metadata"]["name"] for each in await sight.in_agents_namespace(path)]
    if not found:
        return passed()
    return noted(
        f"namespace azure-arc has network policies: {', '.join(sorted(found))}",
        "let its pods talk to each other, to the API server, to DNS, and to Azure on 443",
        f"arcctl check {sight.named} --inside",
    )


@check("no webhook stands in the way", code="webhook-blocks")
async def webhooks(sight: HealthSight) -> Answer:
    """A webhook whose service is gone refuses every pod that it would judge."""
    blocking = []
    for hook in await sight.webhooks():
        service = (hook.get("clientConfig") or {}).get("service") or {}
        if hook.get("failurePolicy", "Fail") != "Fail" or not service or not _judges_pods(hook):
            continue
        if await sight.service(service["namespace"], service["name"]) is None:
            blocking.append((hook["name"], f"{service['namespace']}/{service['name']}"))
    if not blocking:
        return passed()
    name, service = blocking[0]
    return wrong(
        f"webhook {name} asks service {service}, which is not there: no pod can be made",
        f"restore service {service}, or delete the webhook's configuration",
        why=tuple(f"{each}: service {where} is missing" for each, where in blocking),
    )


def _judges_pods(hook: Body) -> bool:
    return any(
        {"*", ""} & set(rule.get("apiGroups") or ())
        and {"*", "*/*", "pods"} & set(rule.get("resources") or ())
        for rule in hook.get("rules") or ()
    )


ASKED = (quota, policies, webhooks)
