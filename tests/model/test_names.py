"""Names, tags, ids and settings are checked before anything is sent (`arc.md` F)."""

from __future__ import annotations

import pytest
from arcctl.errors import UsageError
from arcctl.model.names import arm_id, cluster_name, group_name, is_guid, settings, tags

GATEWAY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/gateways/gate"


@pytest.mark.parametrize("name", ["harbor", "a", "1", "Edge-1_b.c", "x" * 63])
def test_a_cluster_may_have_this_name(name: str) -> None:
    """Letters, digits, dashes, underscores and dots, 63 at most, are accepted."""
    assert cluster_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a/b", "x" * 64, "größe", "a\n"])
def test_a_cluster_may_not_have_this_name(name: str) -> None:
    """Anything else is refused with the rule."""
    with pytest.raises(UsageError, match="not a name for a connected cluster") as refused:
        cluster_name(name)
    assert refused.value.why


@pytest.mark.parametrize("name", ["edge", "größe", "a(b)", "_", "x" * 90])
def test_a_group_may_have_this_name(name: str) -> None:
    """Letters of any language and parentheses are fine in a resource group."""
    assert group_name(name) == name


@pytest.mark.parametrize("name", ["", "edge.", "a b", "a/b", "x" * 91, "edge\n"])
def test_a_group_may_not_have_this_name(name: str) -> None:
    """A dot at the end, blanks and slashes are refused."""
    with pytest.raises(UsageError, match="not a name for a resource group"):
        group_name(name)


@pytest.mark.parametrize(
    ("pairs", "read"),
    [
        (["a=b", "c=d"], {"a": "b", "c": "d"}),
        (["a=b=c"], {"a": "b=c"}),
        (["alone"], {"alone": ""}),
        (["motto=far and wide"], {"motto": "far and wide"}),
        (["ort=Köln"], {"ort": "Köln"}),
        ([""], {}),
        ([], {}),
    ],
)
def test_tags_are_read_as_az_reads_them(pairs: list[str], read: dict[str, str]) -> None:
    """The first equals sign separates, blanks belong to the value, an empty word clears."""
    assert tags(pairs) == read


@pytest.mark.parametrize(
    "pair",
    ["=v", "a<b=v", "a/b=v", "a?=v", "microsoft-x=v", "Azure=v", "windows=v", "k=" + "v" * 257],
)
def test_a_bad_tag_is_refused(pair: str) -> None:
    """Reserved names, forbidden signs and long values never reach Azure."""
    with pytest.raises(UsageError, match="bad tag"):
        tags([pair])


def test_there_are_fifty_tags_at_most() -> None:
    """The fifty-first is one too many."""
    assert len(tags([f"k{number}=v" for number in range(50)])) == 50
    with pytest.raises(UsageError, match="51 tags are too many"):
        tags([f"k{number}=v" for number in range(51)])


@pytest.mark.parametrize(
    "text", [GATEWAY, GATEWAY.lower(), GATEWAY.replace("resourceGroups", "RESOURCEGROUPS")]
)
def test_an_id_is_known_in_any_case(text: str) -> None:
    """ARM writes ids in mixed case."""
    assert arm_id(text, "Microsoft.HybridCompute/gateways") == text


@pytest.mark.parametrize(
    "text",
    [
        "gate",
        f"https://management.example{GATEWAY}",
        f"{GATEWAY}/more/things",
        GATEWAY.replace("gateways", "machines"),
        GATEWAY.removesuffix("gate"),
    ],
)
def test_what_is_no_such_id_is_refused(text: str) -> None:
    """Another kind, a URL, a child or half an id is a mistake, with the code that was asked for."""
    with pytest.raises(UsageError, match="not the id of a gateways resource") as refused:
        arm_id(text, "Microsoft.HybridCompute/gateways", code="AZK8S0106")
    assert refused.value.code == "AZK8S0106"


def test_settings_are_grouped_by_feature() -> None:
    """`feature.setting=value` becomes a map of maps, and the value may hold anything."""
    found = settings(["logging.path=/var/log", "logging.level=a=b", "proxy.x=1.2.3"])

    assert found == {"logging": {"path": "/var/log", "level": "a=b"}, "proxy": {"x": "1.2.3"}}


@pytest.mark.parametrize("text", ["", "a=b", "a.b", ".b=c", "a.=c", "a.b.c=d"])
def test_a_setting_has_exactly_one_dot(text: str) -> None:
    """None or two dots before the equals sign, or no equals sign, is refused."""
    with pytest.raises(UsageError, match="not a configuration setting"):
        settings([text])


def test_a_refused_setting_does_not_repeat_its_value() -> None:
    """The value may be a secret, so only the key is named."""
    with pytest.raises(UsageError) as refused:
        settings(["wrong=marked-secret"])
    assert "marked-secret" not in " ".join((refused.value.message, *refused.value.why))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("77ade16b-0f55-403b-b7d2-739554a897f2", True),
        ("77ADE16B-0F55-403B-B7D2-739554A897F2", True),
        ("77ade16b0f55403bb7d2739554a897f2", False),
        ("{77ade16b-0f55-403b-b7d2-739554a897f2}", False),
        ("edge", False),
    ],
)
def test_a_guid_is_known_by_its_usual_form(text: str, is_one: bool) -> None:
    """Only the form with dashes counts."""
    assert is_guid(text) is is_one
