"""Features are values of the agents' release, and nothing else (`connectedk8s.md` B.5)."""

from __future__ import annotations

from arcctl.model.agent_features import (
    FEATURES,
    custom_locations_oid,
    disabling,
    enabling,
    features_on,
)


def test_what_is_enabled_is_on_and_what_is_disabled_is_off() -> None:
    """In the order in which they are documented."""
    on = enabling(FEATURES, oid="o-1")

    assert features_on(on) == FEATURES
    assert custom_locations_oid(on) == "o-1"
    assert features_on(disabling(FEATURES)) == ()
    assert custom_locations_oid(disabling(FEATURES)) == ""


def test_text_counts_as_the_peer_may_have_set_it() -> None:
    """Helm takes `true` as text too, and what is not there is off."""
    values = {"systemDefaultValues": {"guard": {"enabled": "True"}, "customLocations": None}}

    assert features_on(values) == ("azure-rbac",)
    assert features_on({}) == ()


def test_a_list_that_is_not_said_stays_as_it_was() -> None:
    """An empty one, said on purpose, empties it."""
    unsaid = enabling(["azure-rbac"])["systemDefaultValues"]["guard"]
    emptied = enabling(["azure-rbac"], skip_list="")["systemDefaultValues"]["guard"]

    assert unsaid == {"enabled": True, "authnMode": "arc"}
    assert emptied["skipAuthzCheck"] == ""
