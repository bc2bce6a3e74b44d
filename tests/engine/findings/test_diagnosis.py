"""The diagnosis: in what order findings stand, what could not be asked, and that no record, however odd, stops it."""

from __future__ import annotations

import random

import pytest

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.evidence import CALLED, told
from gradtui_engine.findings.finding import FINDING_SEVERITIES
from gradtui_engine.findings.json_document import document
from gradtui_engine.findings.kinds import KINDS
from tests.engine.findings.records import diagnosed, faults, flat, found, with_losses
from tests.examples import spread
from tests.recordings import Line, lstm_lines, mlp_lines, recorded

ODD = (None, "nan", "inf", "-inf", 0, 0.0, -1.0, 1e-300, 1e300, 1.0, 0.5, 2.0)


def test_a_healthy_training_has_nothing_to_be_told() -> None:
    assert diagnosed(mlp_lines(6, 60)).findings == ()
    assert diagnosed(lstm_lines(60, 20)).findings == ()


def test_the_earliest_fault_comes_first_and_notes_last() -> None:
    at = {(n, "acts.1"): {"off": 1.0} for n in range(10, 40)}
    lines = mlp_lines(4, 40, at=at, stale=[False] + [True] * 39)
    lines[0]["params"][0][3] = False
    findings = diagnosed(with_losses(lines, flat())).findings
    assert [finding.kind for finding in findings[:2]] == ["stale_gradient", "dead"]
    severities = [finding.is_fault for finding in findings]
    assert severities == sorted(severities, reverse=True)


def test_of_one_step_the_cause_comes_first() -> None:
    shrinking = {(None, f"layers.{k}"): {"grad": 0.2 ** (7 - k), "rms": 0.3**k} for k in range(8)}
    assert faults(with_losses(mlp_lines(8, 30, at=shrinking), flat()))[:2] == ["bad_init", "vanishing"]


def test_a_run_that_still_goes_on_is_not_said_not_to_learn() -> None:
    shrinking = {(None, f"layers.{k}"): {"grad": 0.2 ** (7 - k)} for k in range(8)}
    lines = with_losses(mlp_lines(8, 12, at=shrinking, end=None), flat())
    assert not found(lines)["vanishing"].is_fault
    lines = with_losses(mlp_lines(8, 30, at=shrinking, end=None), flat())
    assert found(lines)["vanishing"].is_fault


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_each_row_of_the_table_is_whole(kind: object) -> None:
    assert kind.called  # type: ignore[attr-defined]
    assert kind.rule  # type: ignore[attr-defined]
    assert kind.source  # type: ignore[attr-defined]
    assert kind.cause  # type: ignore[attr-defined]
    compile(kind.remedy.replace("$lr", "0.1").replace("$layer", "a.0"), "remedy", "exec")  # type: ignore[attr-defined]


def test_the_kinds_are_those_that_were_promised() -> None:
    promised = """non_finite exploding vanishing exploding_time vanishing_time dead saturated bad_init symmetric
        update_too_large update_too_small update_lost underflow scaler_stuck stale_gradient no_gradient not_updated
        not_optimized loss_spike loss_rises loss_flat frozen"""
    assert set(KINDS) == set(promised.split())


def test_what_only_has_a_loss_is_asked_for_its_course_alone() -> None:
    header: Line = {"k": "run", "schema": 1, "modules": [], "params": [], "opt": []}
    lines = [header, *({"k": "step", "n": n, "loss": 1.0 + 0.1 * n} for n in range(60)), {"k": "end", "n": 60}]
    diagnosis = diagnosed(lines)
    assert [finding.kind for finding in diagnosis.findings] == ["loss_rises"]
    assert set(KINDS) - set(diagnosis.left_out) == {"non_finite", "loss_spike", "loss_rises", "loss_flat"}


def test_a_remedy_has_the_name_of_the_module_whatever_it_is() -> None:
    lines = mlp_lines(4, 30, at={(n, "acts.1"): {"off": 1.0} for n in range(30)})
    for row in lines[0]["modules"]:
        row[0] = row[0].replace("acts", "$acts{0}%s")
    assert 'get_submodule("$acts{0}%s.1")' in found(lines)["dead"].remedy


def odd_lines(seed: int) -> list[Line]:
    """A record in which one number in so many is another one."""
    draw = random.Random(seed)
    often = draw.choice((0.01, 0.2, 0.9))
    make = draw.choice((mlp_lines, lstm_lines))
    lines = make(draw.choice((3, 6)), draw.choice((1, 3, 30)), half=draw.choice((None, "float16")))
    for line in lines:
        if line["k"] != "step":
            continue
        for key in ("a", "p"):
            for row in line[key]:
                start = 2 if key == "a" else 1
                row[start:] = [draw.choice(ODD) if draw.random() < often else value for value in row[start:]]
        for key in ("loss", "scale"):
            if draw.random() < often:
                line[key] = draw.choice(ODD)
        if draw.random() < often:
            line["gn"] = [draw.choice(ODD), draw.choice(ODD)]
            line["lr"] = [draw.choice(ODD)]
            line["skipped"] = draw.random() < 0.5
            line["stale"] = draw.random() < 0.5
            line["mb"] = draw.choice((0, 1, 2, None))
        if draw.random() < often:
            line["a"] = draw.sample(line["a"], draw.randrange(len(line["a"]) + 1))
        for sequence in line.get("seq", ()):
            for layer in sequence["l"]:
                layer["h"] = [draw.choice(ODD) if draw.random() < often else value for value in layer["h"]]
    return lines


@spread("seed", range(120), 12)
def test_no_record_however_odd_stops_it(seed: int) -> None:
    recording = recorded(odd_lines(seed))
    diagnosis = diagnose(recording, experiments=False)
    document(recording, diagnosis)
    for finding in diagnosis.findings:
        assert finding.severity in FINDING_SEVERITIES
        assert set(finding.evidence) <= set(CALLED)
        list(told(finding.evidence))
        compile(finding.remedy, "remedy", "exec")


def test_what_breaks_in_a_modules_own_code_is_its_own_and_not_the_next_leafs() -> None:
    """The model's output, behind layers.1, is not finite; its leaves' are, up to there."""
    nan = dict.fromkeys(("rms", "min", "max", "mean"), "nan")
    at = {(n, f"{kind}.{k}"): nan for n in range(7, 12) for kind, k in (("acts", 1), ("layers", 2))}
    lines = mlp_lines(3, 12, at=at)
    lines[0]["modules"].append(["block", "Block", "Module", {}])
    block, before = len(lines[0]["modules"]) - 1, 2
    for line in lines[8:-1]:
        line["loss"] = "nan"
        line["broken"] = [[block, "nan", before, 0], ["odd"], [99, "nan", 0, 0], [block, 1.0, 0, 0]]
    finding = found(lines)["non_finite"]
    assert (finding.layer, finding.step) == ("block", 7)
    assert "layers.1 before it is finite" in finding.cause


def test_a_layer_with_finite_weights_is_not_at_fault_for_what_comes_in() -> None:
    nan = dict.fromkeys(("rms", "min", "max", "mean"), "nan")
    lines = mlp_lines(3, 12, at={(n, "layers.2"): nan for n in range(7, 12)})
    for line in lines[8:-1]:
        line["loss"] = "nan"
    finding = found(lines)["non_finite"]
    assert (finding.layer, finding.step) == ("layers.2", 7)
    assert finding.cause.startswith("not layers.2, whose own weights are finite")
    assert "acts.1 and it" in finding.cause


def test_of_steps_that_were_not_recorded_nobody_says_that_they_were_as_usual() -> None:
    lines = with_losses(mlp_lines(3, 8, every=10), lambda n: "nan" if n > 36 else 1.0 + 0.01 * n)
    cause = found(lines)["non_finite"].cause
    assert "as usual" not in cause
    assert "(6)" in cause  # 31 … 36
    lines = with_losses(mlp_lines(3, 8, every=10), lambda n: "nan" if n > 30 else 1.0 + 0.01 * n)
    assert "as usual" in found(lines)["non_finite"].cause


@pytest.mark.parametrize(("kind", "column", "share"), [("ReLU", "off", 1.0), ("Tanh", "sat", 0.9)])
def test_an_experiment_sets_one_scale_of_the_weights(kind: str, column: str, share: float) -> None:
    # 8 · 0.2041 = the norm of PyTorch's own: U(±1/√8).
    weights = {(None, f"layers.{k}.weight"): {"weight": 8 * 0.2041} for k in range(4)}
    lines = with_losses(mlp_lines(4, 30, activation=kind, at={(None, "acts.1"): {column: share}} | weights), flat())
    commands = [finding.experiment for finding in diagnose(recorded(lines)).findings if finding.experiment]
    assert commands
    assert not [command for command in commands if "--init" in command and "--sigma-w" in command]
