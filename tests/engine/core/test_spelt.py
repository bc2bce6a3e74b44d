"""A document's texts and their parts: what is read back is the message that was written, or the plain text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.spelt import retold, told

PLACE = Message("layer {number}", number=3)
TEXT = Message("{place} gets {share} of it; {rest}", place=PLACE, share="1e-6", rest=Verbatim("--gain"))


def parts_of(text: str, **parts: Any) -> dict[str, Any]:
    return {text: {"template": "{x}", "values": {"x": text}} | parts}


def test_a_message_comes_back_with_its_template_and_values_through_json() -> None:
    contents = json.loads(json.dumps({"texts": told({"a": [TEXT, "plain"]}), "a": [TEXT, "plain"]}))
    found, plain = retold(contents["a"], contents["texts"])
    assert (found, plain) == (TEXT, "plain")
    assert isinstance(found, Message)
    assert found.template == TEXT.template
    assert dict(found.values) == dict(TEXT.values)
    place = found.values["place"]
    assert isinstance(place, Message)
    assert (place.template, dict(place.values)) == (PLACE.template, {"number": 3})
    assert not isinstance(plain, Message)


def test_a_text_without_values_needs_no_parts() -> None:
    assert told([Message("every number is finite"), "plain", 3, None]) == {}


@pytest.mark.parametrize(
    "parts",
    [
        parts_of("a", template="{x.__class__}"),
        parts_of("a", template="{x[0]}"),
        parts_of("a", template="{x:>1000000000}"),
        parts_of("a", template="{x!r}"),
        parts_of("a", template="{0}"),
        parts_of("a", template="{x"),
        parts_of("a", template="{y}"),
        parts_of("a", template=3),
        parts_of("a", values={"x": "b"}),
        parts_of("a", values={"x": None}),
        parts_of("a", values=[]),
        parts_of("a", values={"x": {"template": "a"}}),
        {"a": "a"},
        {"a": None},
    ],
)
def test_parts_that_do_not_give_back_the_text_are_not_believed(parts: dict[str, Any]) -> None:
    found = retold("a", parts)
    assert found == "a"
    assert not isinstance(found, Message)


def test_parts_within_parts_without_an_end_are_not_followed() -> None:
    parts: Any = {"template": "a", "values": {}}
    for _ in range(500):
        parts = {"template": "{x}", "values": {"x": parts}}
    assert not isinstance(retold("a", {"a": parts}), Message)
