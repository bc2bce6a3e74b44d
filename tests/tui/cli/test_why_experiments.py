"""The experiment that a finding names: a command of ours, like the recorded model, that shows the same kind."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable

import pytest

from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine import Experiment, simulate
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.experiments import SHOWN_AS
from gradtui_engine.findings.finding import Finding
from gradtui_engine.findings.kinds import KINDS
from tests.engine.findings.records import flat, with_losses
from tests.recordings import At, Line, lstm_lines, mlp_lines, recorded

LAYERS, STEPS = 12, 30
#: ‖W‖ of a matrix of 8 × 8 whose numbers have the standard deviation σ/√8.
SIZE = math.sqrt(8)


def started_at(sigma: float) -> At:
    return {(None, f"layers.{k}.weight"): {"weight": sigma * SIZE} for k in range(LAYERS)}


def lines_of(activation: str, sigma: float, at: At, **other: object) -> list[Line]:
    return with_losses(
        mlp_lines(LAYERS, STEPS, activation=activation, at=started_at(sigma) | dict(at), **other), flat()
    )  # type: ignore[arg-type]


def graded(factor: float, column: str = "grad") -> At:
    return {(None, f"layers.{k}"): {column: factor ** (LAYERS - 1 - k)} for k in range(LAYERS)}


def dead() -> list[Line]:
    return lines_of("ReLU", 1.4, {(n, "acts.1"): {"off": 1.0} for n in range(STEPS)})


def symmetric() -> list[Line]:
    lines = lines_of("Tanh", 0.0, {}, header={"symmetric": ["layers.1.weight"]})
    lines[4]["symmetric"] = ["layers.1.weight"]
    return lines


def diverging() -> list[Line]:
    lines = lines_of("Tanh", 1.0, {(0, "layers.1.weight"): {"update": 30.0}}, lr=[[1e4]] * STEPS)
    return with_losses(lines, lambda n: 1.0 if n == 0 else 100.0)


def still() -> list[Line]:
    at = {(None, f"layers.{k}.{kind}"): {"update": 1e-12} for k in range(LAYERS) for kind in ("weight", "bias")}
    return with_losses(
        mlp_lines(
            LAYERS,
            STEPS,
            activation="Tanh",
            at={**at, **{key: {"update": 1e-12, "weight": SIZE} for key in at}},
            lr=[[1e-12]] * STEPS,
        ),
        flat(),
    )


CASES: dict[str, Callable[[], list[Line]]] = {
    "vanishing": lambda: lines_of("Sigmoid", 1.0, graded(0.2)),
    "exploding": lambda: lines_of("ReLU", 3.0, graded(2.2)),
    "bad_init": lambda: lines_of("ReLU", 0.3, {(0, f"layers.{k}"): {"rms": 0.2**k} for k in range(LAYERS)}),
    "saturated": lambda: lines_of("Tanh", 9.0, {(None, "acts.1"): {"sat": 0.8}}),
    "dead": dead,
    "symmetric": symmetric,
    "update_too_large": diverging,
    "update_too_small": still,
    "vanishing_time": lambda: with_losses(lstm_lines(STEPS, 60, factor=0.8), flat()),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, Finding]:
    findings = {finding.kind: finding for finding in diagnose(recorded(CASES[request.param]())).findings}
    return request.param, findings[request.param]


def of_command(command: str) -> Experiment:
    name, *arguments = shlex.split(command)
    assert name == "gradtui"
    return read(SUBCOMMANDS[""], arguments).experiment


def test_it_is_a_command_that_shows_the_same_kind(case: tuple[str, Finding]) -> None:
    kind, finding = case
    assert finding.experiment is not None
    outcome = simulate(of_command(finding.experiment)).outcome
    assert {answer.kind for answer in outcome.answers} & set(SHOWN_AS[kind])


def test_it_is_like_the_recorded_model(case: tuple[str, Finding]) -> None:
    kind, finding = case
    assert finding.experiment is not None
    experiment = of_command(finding.experiment).resolved
    if kind == "vanishing_time":
        assert (experiment.cell, experiment.width, experiment.steps) == ("lstm", 8, 60)
    elif kind == "dead":  # of three units each, which die by themselves
        assert (experiment.cell, experiment.activation) == ("mlp", "relu")
    else:
        assert (experiment.cell, experiment.depth, experiment.width) == ("mlp", LAYERS - 1, 8)


def test_the_scale_of_the_weights_is_the_recorded_one() -> None:
    findings = {
        finding.kind: finding
        for finding in diagnose(recorded(lines_of("Tanh", 9.0, {(None, "acts.1"): {"sat": 0.8}}))).findings
    }
    assert of_command(findings["saturated"].experiment or "").sigma_w == 9.0


def test_an_initialiser_is_known_by_its_scale() -> None:
    he = math.sqrt(2)
    findings = {finding.kind: finding for finding in diagnose(recorded(lines_of("Sigmoid", he, graded(0.2)))).findings}
    assert of_command(findings["vanishing"].experiment or "").init == "he_normal"


def test_a_transformer_has_none() -> None:
    lines = lines_of("ReLU", 1.0, graded(0.2))
    lines[0]["modules"][1][1:3] = ["MultiheadAttention", "MultiheadAttention"]
    assert {finding.experiment for finding in diagnose(recorded(lines)).findings} == {None}


def test_only_kinds_that_there_are_are_shown() -> None:
    assert set(SHOWN_AS) <= set(KINDS)
