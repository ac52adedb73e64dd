"""Who calls, and what the caller may do: bearer tokens with RBAC rules (testbed.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes import problems

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.kinds import Kind

Rule = dict[str, Any]
EVERYTHING: tuple[Rule, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)
READING: tuple[Rule, ...] = (
    {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["get"], "nonResourceURLs": ["*"]},
)
# Everybody who is signed in may ask about himself.
SELF: Rule = {
    "verbs": ["create"],
    "apiGroups": ["authorization.k8s.io"],
    "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A user and the policy rules that hold for it, in every namespace."""

    name: str
    rules: tuple[Rule, ...]

    def may(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        return any(_allows(rule, verb, group, resource, name) for rule in (*self.rules, SELF))

    def may_path(self, verb: str, path: str) -> bool:
        return any(
            _in(rule["verbs"], verb) and _in(rule.get("nonResourceURLs", ()), path)
            for rule in self.rules
        )

    def demand(self, verb: str, kind: Kind, namespace: str, name: str, part: str) -> None:
        """Refuse in the words of the real authorizer where the rules do not allow it."""
        resource = f"{kind.plural}/{part}" if part else kind.plural
        if self.may(verb, kind.group, resource, name):
            return
        # A namespace itself lies in the namespace of its name, as the authorizer sees it.
        namespace = name if kind.key == ("", "namespaces") else namespace
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        text = (
            f'User "{self.name}" cannot {verb} resource "{resource}" in API group '
            f'"{kind.group}" {where}'
        )
        raise problems.forbidden(kind, name, text)


def _in(allowed: list[str], wanted: str) -> bool:
    return "*" in allowed or wanted in allowed


def _allows(rule: Rule, verb: str, group: str, resource: str, name: str) -> bool:
    names = rule.get("resourceNames")
    return (
        _in(rule["verbs"], verb)
        and _in(rule.get("apiGroups", []), group)
        and _in(rule.get("resources", []), resource)
        and (not names or name in names)
    )


def access_review(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a SelfSubjectAccessReview."""
    spec = body.get("spec") or {}
    if asked := spec.get("nonResourceAttributes"):
        allowed = caller.may_path(asked.get("verb", ""), asked.get("path", ""))
    else:
        allowed = _resource_allowed(caller, spec.get("resourceAttributes") or {})
    status: dict[str, Any] = {"allowed": allowed}
    return _review("SelfSubjectAccessReview", spec, status)


def _resource_allowed(caller: Caller, asked: dict[str, str]) -> bool:
    part = asked.get("subresource", "")
    resource = f"{asked.get('resource', '')}/{part}" if part else asked.get("resource", "")
    # A bare question about every verb or resource is only true of whoever has the star himself.
    return caller.may(
        asked.get("verb", ""), asked.get("group", ""), resource, asked.get("name", "")
    )


def rules_review(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a SelfSubjectRulesReview."""
    rules = (*caller.rules, SELF)
    status = {
        "resourceRules": [rule for rule in rules if "resources" in rule],
        "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
        "incomplete": False,
    }
    return _review("SelfSubjectRulesReview", body.get("spec") or {}, status)


def _review(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": status,
    }
