"""A secret is taken out of text by its value, and nothing else is."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from arcctl.model import mask
from arcctl.model.mask import Mask
from arcctl.model.secret import Secret


@pytest.fixture
def known() -> Mask:
    """A mask that knows one secret, as awkward as people make them."""
    found = Mask()
    found.add('m4rk"ed\\wörd/+\n')
    return found


VALUE = 'm4rk"ed\\wörd/+'


@pytest.mark.parametrize(
    "spelled",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        repr(VALUE)[1:-1],
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        escape(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
    ],
)
def test_it_is_hidden_however_it_is_spelled(known: Mask, spelled: str) -> None:
    """Plain, in JSON, as Python shows it, in a URL, in base64; the newline at its end did not count."""
    assert known.text(f"Azure said: {spelled}!").startswith("Azure said: [hidden]")
    assert "m4rk" not in known.text(f"x{spelled}y")


def test_the_longest_goes_first() -> None:
    """Nothing is left over of a secret that begins like another."""
    found = Mask()
    found.add("marked", "marked-longer")
    assert found.text("marked-longer, marked") == "[hidden], [hidden]"


@pytest.mark.parametrize("short", ["443", "true", "abcde"])
def test_a_short_value_is_hidden_in_its_own_field_only(short: str) -> None:
    """It may be any word: a port that is a secret must not spoil all numbers."""
    found = Mask()
    found.add(short)
    body = {"port": short, "configurationProtectedSettings": {"port": short, "other": "x"}}
    shown = found.document(body)
    assert found.text(f"port {short} is open") == f"port {short} is open"
    assert shown["port"] == short
    assert shown["configurationProtectedSettings"] == {"port": "[hidden]", "other": "x"}


def test_what_is_said_in_the_clear_stays() -> None:
    """A secret that is the cluster's name, in whatever case, is hidden in its own field only."""
    found = Mask()
    found.add("harbor-one")
    found.show("Harbor-One")
    assert found.text("harbor-one is Connected") == "harbor-one is Connected"
    assert found.document({"protectedSettings": {"a": "harbor-one"}}) == {
        "protectedSettings": {"a": "[hidden]"}
    }


def test_a_document_keeps_its_form() -> None:
    """Keys, numbers and truth stay; only the strings that hold the secret change."""
    found = Mask()
    found.add("marked-secret")
    body = {"a": 1, "marked-secret": [True, None, "x marked-secret y"], "b": 2.5}
    assert found.document(body) == {"a": 1, "marked-secret": [True, None, "x [hidden] y"], "b": 2.5}


def test_a_key_is_hidden_line_by_line() -> None:
    """A log that cuts a PEM in pieces shows none of them."""
    line = "A" * 30 + "b" * 34
    pem = f"-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----"
    found = Mask()
    found.add(pem)
    assert found.text(f"x {line} y") == "x [hidden] y"


def test_a_secret_makes_itself_known() -> None:
    """To the command that runs, and to none that comes after it."""
    first = mask.begin()
    Secret("marked-secret")
    assert first.text("marked-secret") == "[hidden]"
    assert mask.begin().text("marked-secret") == "marked-secret"


def test_of_a_proxy_only_the_password_is_secret() -> None:
    """Its address is what a person must read when it does not answer."""
    found = mask.begin()
    Secret("http://me:pass-word-1@proxy:3128", parts=["pass-word-1"])
    assert found.text("http://me:pass-word-1@proxy:3128") == "http://me:[hidden]@proxy:3128"
    assert found.text("proxy:3128 does not answer") == "proxy:3128 does not answer"
