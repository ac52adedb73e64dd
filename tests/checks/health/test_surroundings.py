"""What stands around the agents: amounts, and webhooks that judge pods."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.health.surroundings import quota, webhooks
from arcctl.model.finding import Verdict


class Told:
    """A sight of quotas, webhooks and services that are said outright."""

    def __init__(self, *, used: str = "0", hard: str = "1", hook: Any = None) -> None:
        status = {"hard": {"memory": hard}, "used": {"memory": used}}
        self.quotas = [{"metadata": {"name": "tight"}, "status": status}]
        self.hooks = [hook] if hook else []

    async def in_agents_namespace(self, path: str) -> list[Any]:
        """Return the quotas."""
        return self.quotas

    async def webhooks(self) -> list[Any]:
        """Return the webhooks."""
        return self.hooks

    async def service(self, namespace: str, name: str) -> None:
        """No service is there."""


@pytest.mark.parametrize(
    ("used", "hard", "verdict"),
    [
        ("512Mi", "1Gi", Verdict.PASS),
        ("1Gi", "1024Mi", Verdict.FAIL),
        ("900m", "1", Verdict.PASS),
        ("1100m", "1", Verdict.FAIL),
        ("2k", "1M", Verdict.PASS),
        ("10", "10", Verdict.FAIL),
    ],
)
async def test_amounts_are_compared_whatever_their_unit(
    used: str, hard: str, verdict: Verdict
) -> None:
    """A quota is used up when as much is used as may be."""
    assert (await quota.ask(Told(used=used, hard=hard))).verdict is verdict


def hook(**other: Any) -> dict[str, Any]:
    """A webhook whose service is gone."""
    rules = [{"apiGroups": [""], "resources": ["pods"]}]
    where = {"service": {"namespace": "gone", "name": "judge"}}
    return {
        "name": "judge",
        "failurePolicy": "Fail",
        "clientConfig": where,
        "rules": rules,
        **other,
    }


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({}, Verdict.FAIL),
        ({"failurePolicy": "Ignore"}, Verdict.PASS),
        ({"clientConfig": {"url": "https://judge.example"}}, Verdict.PASS),
        ({"rules": [{"apiGroups": ["apps"], "resources": ["deployments"]}]}, Verdict.PASS),
        ({"rules": [{"apiGroups": ["*"], "resources": ["*"]}]}, Verdict.FAIL),
    ],
)
async def test_only_a_webhook_that_must_be_asked_about_pods_blocks(
    other: dict[str, Any], verdict: Verdict
) -> None:
    """One that may fail, lives elsewhere, or judges other things does not."""
    assert (await webhooks.ask(Told(hook=hook(**other)))).verdict is verdict
