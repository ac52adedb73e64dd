"""All pieces of evidence, in the order in which the index names them: the one list."""

from __future__ import annotations

from arcctl.operations.evidence import (
    agents,
    diagnoser,
    health,
    here,
    logs,
    release,
    surroundings,
    workload_identity,
)

PIECES = (
    health.questions,
    surroundings.cluster,
    surroundings.resource,
    agents.state,
    agents.deployments,
    agents.events,
    logs.agents,
    release.identity_map,
    release.values,
    release.reports,
    release.secret_names,
    diagnoser.diagnoser,
    workload_identity.events,
    workload_identity.logs,
    workload_identity.deployments,
    workload_identity.values,
    here.runs,
    here.machine,
)
