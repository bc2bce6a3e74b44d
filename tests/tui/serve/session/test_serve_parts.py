"""The parts of the server that need no visitor."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import socket
import threading
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.cli.invocation import Invocation
from gradtui.cli.reading import read as read_invocation
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.serve.listen import own_address
from gradtui.serve.metrics import Metrics
from gradtui.serve.report import JSON, LINES, Report
from gradtui.serve.session import limits as limits_of
from gradtui.serve.session.endings import ENDS, REFUSALS, crash_number, reason_of, refused
from gradtui.serve.session.limits import LIMITS, SMALLEST, Limits, frames
from gradtui.serve.session.meter import Meter
from gradtui.serve.session.terminal_reset import ScreenFollower, farewell, plain
from gradtui.serve.session.visitor import Visitor
from gradtui.serve.session.zygote_client import End
from gradtui.serve.ssh.hostkey import fingerprint, host_key
from gradtui_engine import Experiment, ExperimentError
from tests.tui.helpers import run_main, words_of


def read(*words: str, lifted: bool = False) -> Limits:
    return limits_of.read(words_of("serve", *words).given, lifted)


# -- limits ------------------------------------------------------------------------------------------------


def test_a_warning_that_would_come_before_the_session_is_refused() -> None:
    with pytest.raises(ExperimentError, match="a session lasts 20 s"):
        read("--warning", "20", "--total", "20")
    assert read("--total", "20").warning == 60, "which then never comes"
    assert read("--warning", "19", "--total", "20").warning == 19


def test_every_limit_has_an_option_and_its_default() -> None:
    assert list(LIMITS) == [each.name for each in dataclasses.fields(Limits)]
    assert read("--sessions", "10") == Limits()
    for name, row in LIMITS.items():
        assert row.kind.check(getattr(Limits(), name)) == row.default


def test_all_wrong_limits_are_told_at_once() -> None:
    with pytest.raises(ExperimentError) as caught:
        read("--idle", "soon", "--sessions", "0", "--most-rows", "5")
    assert [each.field for each in caught.value.problems] == ["--sessions", "--idle", "--most-rows"]


def test_a_class_comes_from_one_address() -> None:
    assert read("--sessions", "30").per_address == 4
    assert read("--sessions", "30", lifted=True).per_address == 30


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_window_is_never_outside_of_its_bounds(columns: int, rows: int) -> None:
    width, height = Limits().window(columns, rows)
    assert SMALLEST[0] <= width <= 300
    assert SMALLEST[1] <= height <= 100


def test_a_window_within_the_bounds_is_left_alone() -> None:
    assert Limits().window(120, 36) == (120, 36)


def test_two_cores_give_20_sessions_15_frames_and_50_sessions_6() -> None:
    assert [frames(n, of_cores=2) for n in (0, 1, 20, 50, 1000)] == [15, 15, 15, 6, 4]


# -- meter -------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 50)), min_size=1))
def test_no_more_goes_through_a_meter_than_its_burst_and_its_rate(asks: list[tuple[float, int]]) -> None:
    meter, now, taken = Meter(10.0, 50.0), 0.0, 0
    for wait, amount in asks:
        now += wait
        taken += amount if meter.take(amount, now) else 0
        assert taken <= 50 + 10 * now + 1e-6


def test_a_meter_says_how_long_to_wait_and_then_gives() -> None:
    meter = Meter(10.0, 50.0)
    assert meter.take(50, 0.0)
    assert not meter.take(20, 1.0)
    wait = meter.wait(20, 1.0)
    assert wait == pytest.approx(1.0)
    assert meter.take(20, 1.0 + wait + 1e-9)
    assert meter.full(100.0)


# -- the terminal restored ---------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([b"\x1b[?1049h", b"\x1b[?1049l", b"x", b"\x1b[31m"])), st.integers(1, 9))
def test_the_screen_is_followed_however_the_output_is_cut(parts: list[bytes], size: int) -> None:
    text, screen = b"".join(parts), ScreenFollower()
    for start in range(0, len(text), size):
        screen.feed(text[start : start + size])
    switches = [each for each in parts if each.startswith(b"\x1b[?1049")]
    assert screen.alternate == bool(switches and switches[-1].endswith(b"h"))


def test_the_main_screen_comes_back_once_and_only_from_the_alternate_one() -> None:
    assert farewell("why", alternate=True).count(b"\x1b[?1049l") == 1
    assert b"1049" not in farewell("why", alternate=False)
    assert farewell("why", alternate=True).endswith(b"why\r\n")


def test_what_is_shown_of_a_visitor_has_no_control_characters() -> None:
    assert plain("a\x1b[2Jb\r\nc\u202e") == "a?[2Jb??c?"


# -- visitors ----------------------------------------------------------------------------------------------


def test_of_a_visitors_environment_only_the_language_and_the_colours_are_taken() -> None:
    sent = {"LANG": "zh_CN.UTF-8", "LD_PRELOAD": "/x.so", "PATH": "/bin", "COLORTERM": "truecolor", "LC_ALL": "$(x)"}
    found = Visitor("a", "xterm\x1b[2J", sent).clean()
    assert found == {"LANG": "zh_CN.UTF-8", "COLORTERM": "truecolor", "TERM": "xterm-256color",
                     "HOME": "/nonexistent", "PATH": "/nonexistent"}  # fmt: skip


# -- endings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [(0, "left"), (129, "left"), (70, "crash"), (1, "crash"), (-11, "crash"), (-9, "killed"), (-24, "cpu")],
)
def test_an_exit_status_says_how_a_session_ended(status: int, reason: str) -> None:
    assert reason_of(End(status)) == reason


def test_the_number_of_a_crash_is_the_programs_own() -> None:
    assert crash_number(End(70, '{"event": "crash", "id": "00c0ffee"}\n')) == "00c0ffee"
    assert crash_number(End(-9)) != crash_number(End(-9))


def test_every_reason_is_one_line() -> None:
    for row in (*ENDS.values(), *REFUSALS.values()):
        told = row.told(seconds="5", id="x", most=3)
        assert "{" not in told
        assert told == "" or (told.startswith("gradtui: ") and "\n" not in told)


# -- host key ----------------------------------------------------------------------------------------------


def test_a_host_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "host_key"
    umask = os.umask(0)
    try:
        first = fingerprint(host_key(path))
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.startswith("SHA256:")
    assert fingerprint(host_key(path)) == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_host_key_that_others_can_use_is_refused_and_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "host_key"
    host_key(path)
    text = path.read_bytes()
    path.chmod(mode)
    with pytest.raises(ExperimentError, match="chmod 600"):
        host_key(path)
    assert path.read_bytes() == text


def test_of_another_users_file_nobody_is_told_to_change_the_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of --host-key /etc/passwd."""
    path = tmp_path / "host_key"
    path.write_text("nonsense")
    path.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ExperimentError, match="belongs to another user"):
        host_key(path)


def test_what_is_no_host_key_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "host_key"
    path.write_text("nonsense")
    path.chmod(0o600)
    with pytest.raises(ExperimentError, match="not a private key"):
        host_key(path)
    assert path.read_text() == "nonsense"
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(ExperimentError, match="cannot be used"):
        host_key(tmp_path / "link")
    with pytest.raises(ExperimentError, match="Is a directory"):
        host_key(tmp_path)


# -- metrics and report ------------------------------------------------------------------------------------


def test_the_histogram_is_cumulative_and_every_reason_has_a_line() -> None:
    metrics = Metrics(list)
    for seconds in (0.05, 0.4, 9.0):
        metrics.first_frame(None, seconds)  # type: ignore[arg-type]
    metrics.refused("a", refused("full", most=3))
    lines = metrics.text().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    bucket = 'gradtui_first_frame_seconds_bucket{{le="{}"}}'
    assert [values[bucket.format(le)] for le in ("0.1", "0.3", "0.5", "5", "+Inf")] == ["1", "1", "2", "2", "3"]
    assert float(values["gradtui_first_frame_seconds_sum"]) == pytest.approx(9.45)
    assert values['gradtui_refusals_total{reason="full"}'] == "1"
    assert all(f'gradtui_ends_total{{reason="{name}"}}' in values for name in ENDS.names)
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {name.partition("{")[0].removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            for name in values} == named  # fmt: skip


def test_json_lines_are_json_and_text_lines_have_no_control_characters() -> None:
    out = StringIO()
    report = Report(out, JSON)
    report.event("refused", address="1.2.3.4", reason="full", empty="")
    report.close()
    found = json.loads(out.getvalue())
    assert found.pop("time")
    assert found == {"event": "refused", "address": "1.2.3.4", "reason": "full"}
    out = StringIO()
    report = Report(out, LINES)
    report.event("ended", log="one\x1b[2J\ntwo")
    report.close()
    assert "\x1b" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 3


def test_a_report_that_nobody_reads_holds_nothing_up_and_tells_later_what_it_has_left_out() -> None:
    """A pipe without a reader, a terminal after ctrl+s: whoever writes to it waits for ever."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as out:
        report = Report(out, JSON)
        reporting = threading.Thread(target=lambda: [report.note(f"{number}") for number in range(3000)], daemon=True)
        reporting.start()
        reporting.join(30)
        assert not reporting.is_alive()
        first = [json.loads(reader.readline())["text"] for _ in range(500)]
        assert first == [str(number) for number in range(500)]
        report.note("later")
        # Told whenever there was room for a moment; every line is written or counted.
        written, lost = len(first), 0
        while (event := json.loads(reader.readline())).get("text") != "later":
            written, lost = written + (event["event"] == "note"), lost + event.get("lines", 0)
        assert lost > 0
        assert written + lost == 3000
        report.close()


def test_a_report_whose_reader_has_gone_goes_on_without_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w")
    report = Report(out, JSON)
    for number in range(3):
        report.note(f"{number}")
    report.close()
    with contextlib.suppress(BrokenPipeError):
        out.close()


def test_at_the_start_each_thing_to_copy_has_a_line_of_its_own() -> None:
    told = {"address": "ssh -C -p 2222 demo@h", "fingerprint": "SHA256:x", "limits": "few", "web": "http://h:8000/"}
    out = StringIO()
    report = Report(out, LINES)
    report.serving(2222, told)
    report.close()
    lines = out.getvalue().splitlines()
    values = [told[name] for name in ("address", "web", "fingerprint", "limits")]
    places = {line.index(value) for line, value in zip(lines, values, strict=True)}
    assert len(places) == 1, "in one column"


def test_where_all_addresses_are_listened_on_visitors_are_told_one_of_this_machine() -> None:
    found = own_address("0.0.0.0")
    with socket.create_server((found, 0)):
        pass
    assert own_address("192.0.2.9") == "192.0.2.9"


# -- the command -------------------------------------------------------------------------------------------


def invoked(name: str, arguments: Sequence[str]) -> Invocation[Any]:
    return read_invocation(SUBCOMMANDS[name], arguments)


def test_all_that_is_wrong_with_the_options_is_told_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    done = run_main(
        capsys, "serve", "--port", "x", "--metrics", "99999", "--log", "xml", "--idle", "soon", "--depth", "0",
        "--authorized-keys", "/nonexistent", "--password", "", "--view", "nowhere",
    )  # fmt: skip
    assert done.status == 2
    for word in ("--port", "--metrics", "--log", "--idle", "depth", "--authorized-keys", "--password", "view", "root"):
        assert any(word in line for line in done.problems), word
    assert "Traceback" not in done.err


def test_visitors_get_the_options_of_the_host_spelled_as_their_program_reads_them() -> None:
    words = ["--depth", "7", "--view", "maths", "--theme", "nord", "--no-mouse", "--b", "init=he_normal"]
    served = invoked("serve", ["--allow-root", "--host-key", "/x", *words])
    visited = invoked("kiosk", served.options.arguments)
    assert visited.experiment == Experiment(depth=7)
    assert visited.opening is not None
    state, settings = visited.opening.state, visited.loaded.settings
    assert (state.view, state.changes) == ("maths", (("init", "he_normal"),))
    assert (settings.theme, settings.mouse) == ("nord", False)


def test_a_preset_is_handed_on_with_its_view_and_its_changes() -> None:
    served = invoked("serve", ["relu-he", "--allow-root", "--host-key", "/x"])
    visited = invoked("kiosk", served.options.arguments)
    assert visited.experiment.activation == "relu"
    assert visited.opening is not None
    state = visited.opening.state
    assert (state.view, state.changes) == ("compare", (("init", "he_normal"),))
