"""What Prometheus reads, with a reader of our own for its text format (0.0.4), from a server that has had visitors."""

from __future__ import annotations

import math
import re
import urllib.request
from dataclasses import dataclass, field

from gradtui.serve.session.endings import ENDS, REFUSALS
from tests.tui.serve.presenter import FOLLOWING, Presenter
from tests.tui.serve.servers import Server, kill, until

_NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*,?)\}})? (\S+)(?: -?\d+)?")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


@dataclass
class Family:
    """A metric: its kind, and value by (sample's name, labels)."""

    kind: str
    help: str
    values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def by(self, label: str) -> dict[str, float]:
        return {dict(labels)[label]: value for (_, labels), value in self.values.items() if label in dict(labels)}


def parsed(text: str) -> dict[str, Family]:
    """All families. Each has its help and its type first, and its samples in one piece behind them."""
    assert text.endswith("\n")
    found: dict[str, Family] = {}
    helped: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, helped[name] = line.removeprefix("# HELP ").split(" ", 1)
            assert re.fullmatch(_NAME, name), line
        elif line.startswith("# TYPE "):
            typed, kind = line.removeprefix("# TYPE ").split(" ")
            assert typed == name, line
            assert typed not in found, f"{typed} comes twice"
            found[typed] = Family(kind, helped[typed])
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, line
            family = found[name]
            assert match[1] in {name + suffix for suffix in _SUFFIXES[family.kind]}, line
            key = match[1], tuple((each[1], each[2]) for each in re.finditer(_LABEL, match[2] or ""))
            assert key not in family.values, f"{line} comes twice"
            family.values[key] = float(match[match.lastindex or 0])
    for name, family in found.items():
        assert family.help
        if family.kind == "counter":
            assert name.endswith("_total")
        if family.kind == "histogram":
            _is_histogram(name, family)
    return found


def _is_histogram(name: str, family: Family) -> None:
    bounds = [(math.inf if le == "+Inf" else float(le), count) for le, count in family.by("le").items()]
    assert bounds == sorted(bounds), "cumulative, bounds rising"
    assert bounds[-1] == (math.inf, family.values[f"{name}_count", ()])
    assert family.values[f"{name}_sum", ()] >= 0


def read(address: str) -> dict[str, Family]:
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parsed(answer.read().decode())


def value(found: dict[str, Family], name: str) -> float:
    return found[name].values[name, ()]


def counted(before: dict[str, Family], after: dict[str, Family], name: str, label: str) -> dict[str, float]:
    """By the label, how many more there are of it."""
    earlier = before[name].by(label)
    more = {key: value - earlier[key] for key, value in after[name].by(label).items()}
    return {key: value for key, value in more.items() if value}


def test_visitors_frames_bytes_refusals_and_ends_are_counted(server: Server) -> None:
    address = server.serving["metrics"]
    before = read(address)
    assert value(before, "gradtui_sessions") == 0
    assert "gradtui_following" not in before, "there is no lecture"
    assert set(before["gradtui_refusals_total"].by("reason")) == set(REFUSALS.names)
    assert set(before["gradtui_ends_total"].by("reason")) == set(ENDS.names)
    with server.visit() as one, server.visit() as other:
        for visitor in (one, other):
            visitor.shows("help")
        assert value(read(address), "gradtui_sessions") == 2
        one.press("q")
        assert one.ended() == 0
        kill(next(iter(server.sessions())))
        other.ended()
    assert server.run("id").returncode == 1
    until(lambda: value(read(address), "gradtui_sessions") == 0, "both ends")
    after = read(address)

    def more(name: str, sample: str | None = None) -> float:
        key = sample or name, ()
        return after[name].values[key] - before[name].values[key]

    assert more("gradtui_sessions_opened_total") == 2
    assert more("gradtui_first_frame_seconds", "gradtui_first_frame_seconds_count") == 2
    told = [server.wait_for("first frame")["seconds"] for _ in range(2)]
    seconds = more("gradtui_first_frame_seconds", "gradtui_first_frame_seconds_sum")
    assert abs(seconds - sum(told)) < 0.002, "told to the millisecond"
    # What a client's terminal gets is what was sent, plus the farewell to the one that was killed.
    sent, moved = len(one.wire) + len(other.wire), counted(before, after, "gradtui_bytes_total", "direction")
    assert 0 <= sent - moved["out"] < 1000
    assert moved["in"] >= 1
    assert counted(before, after, "gradtui_ends_total", "reason") == {"left": 1, "killed": 1}
    assert counted(before, after, "gradtui_refusals_total", "reason") == {"command": 1}


def test_of_a_lecture_followers_are_counted(presenter: Presenter) -> None:
    address = presenter.serving["metrics"]
    with presenter.visit() as one, presenter.visit() as other:
        for visitor in (one, other):
            visitor.shows(FOLLOWING)
        one.press("m")
        one.shows("LSTM")
        until(lambda: value(read(address), "gradtui_following") == 1, "one of two")
        assert value(read(address), "gradtui_sessions") == 2
    until(lambda: value(read(address), "gradtui_following") == 0, "nobody")
