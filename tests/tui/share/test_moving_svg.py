"""A film as SVG: every element once, shown when its frames are, and the last frame without motion."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from rich.segment import Segment
from rich.style import Style

from gradtui.share.moving_svg import Frame, moving_svg
from tests.svg_lines import NAME

PLAIN = Style.parse("#d8dee9 on #101318")


def film(*lines: str, seconds: float = 1.0) -> str:
    return moving_svg([Frame([[Segment(line, PLAIN)]], seconds) for line in lines], 20, "film")


def groups(svg: str) -> dict[str, str]:
    """Texts by their group's class; what is always there by that of all cells."""
    return {
        group.get("class", ""): " ".join(each.text or "" for each in group.findall(f"{NAME}text"))
        for group in ElementTree.fromstring(svg).iter(f"{NAME}g")
    }


def test_what_stays_is_there_once_and_does_not_move() -> None:
    svg = film("same  one", "same  two")
    assert svg.count(">same<") == 1
    assert groups(svg)["cells"] == "same"


def test_what_comes_and_goes_is_shown_for_its_time() -> None:
    svg = film("one", "two", "one", "end", seconds=0.5)
    names = {text: name for name, text in groups(svg).items()}
    moments = dict(re.findall(r"@keyframes (m\d+)\{(.*?\})\}", svg))
    assert moments[names["one"]] == (
        "0%{visibility:visible}25%{visibility:hidden}50%{visibility:visible}75%{visibility:hidden}"
    )
    assert moments[names["end"]] == "0%{visibility:hidden}75%{visibility:visible}"
    assert f"animation:{names['one']} 2s step-end infinite" in svg


def test_without_motion_the_last_frame_is_there() -> None:
    svg = film("one", "end")
    names = {text: name for name, text in groups(svg).items()}
    assert f".{names['one']}{{visibility:hidden}}" in svg
    assert f".{names['end']}{{visibility:hidden}}" not in svg
    # All animation is behind the question whether motion is wanted.
    assert all(line.startswith("@media(prefers-reduced-motion:no-preference)") for line in re.findall(r"@media.*", svg))
    assert svg.count("animation:") == svg.count("@media")


def test_elements_of_the_same_frames_are_one_group() -> None:
    svg = film("a  b  c", "x  y  c")
    assert sorted(groups(svg).values()) == ["a b", "c", "x y"]
