"""Gradients that nobody clears, parameters without one, or without an optimizer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import Line, mlp_lines

LAYERS = 4


def without(lines: list[Line], *names: str, arrives: bool = False) -> list[Line]:
    """No gradient of these parameters; unless it arrives, none at their modules either."""
    rows = {row[0]: index for index, row in enumerate(lines[0]["params"])}
    modules = {row[0]: index for index, row in enumerate(lines[0]["modules"])}
    for line in lines[1:]:
        if line["k"] == "step":
            for name in names:
                line["p"][rows[name]][1] = line["p"][rows[name]][3] = None
                for row in line["a"]:
                    if row[0] == modules.get(name.rpartition(".")[0]) and not arrives:
                        row[8] = None
    return lines


def of(*layers: int) -> list[str]:
    return [f"layers.{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def test_a_gradient_that_is_not_cleared() -> None:
    finding = found(mlp_lines(LAYERS, 12, stale=[False] + [True] * 11))["stale_gradient"]
    assert (finding.layer, finding.step, finding.severity) == (None, 1, "error")
    assert "zero_grad" in finding.remedy


def test_once_is_no_habit() -> None:
    assert faults(mlp_lines(LAYERS, 12, stale=[False] * 5 + [True] + [False] * 6)) == []


# -- no gradient ---------------------------------------------------------------------------------------------


def test_what_a_detach_cuts_off_is_found_at_the_cut() -> None:
    finding = found(without(mlp_lines(LAYERS, 12), *of(0, 1)))["no_gradient"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.1", 0, "error")
    assert finding.evidence["layers"] == ["layers.0", "layers.1"]
    assert finding.evidence["numbers"] == 2 * (64 + 8)


def test_what_is_called_last_and_used_by_nothing_is_a_note() -> None:
    """A pooler: all before it learns. A detach() in the middle stands before modules that have a gradient."""
    finding = found(without(mlp_lines(LAYERS, 12), *of(LAYERS - 1)))["no_gradient"]
    assert (finding.layer, finding.severity) == (f"layers.{LAYERS - 1}", "note")


def test_a_frozen_layer_is_a_note_alone() -> None:
    lines = without(mlp_lines(LAYERS, 12), *of(0))
    for row in lines[0]["params"][:2]:
        row[3] = False
    findings = found(lines)
    assert "no_gradient" not in findings
    assert (findings["frozen"].layer, findings["frozen"].is_fault) == ("layers.0", False)


def test_now_and_then_a_gradient_is_enough() -> None:
    lines = without(mlp_lines(LAYERS, 12), *of(2))
    lines[9]["p"][4][1] = lines[9]["p"][5][1] = 0.1
    assert faults(lines) == []


def test_what_is_trained_in_steps_between_the_recorded_ones_moves() -> None:
    lines = without(mlp_lines(LAYERS, 12), *of(2))
    lines[9]["p"][4][2] = lines[9]["p"][5][2] = 2.01
    assert faults(lines) == []


def never_called(modules: dict[int, str]) -> list[Line]:
    lines = mlp_lines(LAYERS, 12)
    indices = {2 * layer for layer in modules}
    lines = without(lines, *of(*modules))
    for line in lines[1:-1]:
        line["a"] = [row for row in line["a"] if row[0] not in indices]
    return lines


def test_a_layer_that_is_never_called_is_a_warning() -> None:
    finding = found(never_called({2: ""}))["no_gradient"]
    assert (finding.layer, finding.severity) == ("layers.2", "warning")


def test_an_expert_to_whom_nothing_is_sent_is_a_note() -> None:
    lines = never_called({2: ""})
    for row in lines[0]["modules"]:
        row[0] = row[0].replace("layers", "experts")
    for row in lines[0]["params"]:
        row[0] = row[0].replace("layers", "experts")
    assert not found(lines)["no_gradient"].is_fault


def test_a_loss_that_is_cut_off_leaves_all_without() -> None:
    lines = without(mlp_lines(LAYERS, 12, gn=[[None, None]] * 12), *of(*range(LAYERS)))
    finding = found(with_losses(lines, flat()))["no_gradient"]
    assert finding.layer is None
    assert "detach" in str(finding.cause)


def test_gradients_that_are_cleared_before_the_step() -> None:
    lines = without(mlp_lines(LAYERS, 12, gn=[[1.0, None]] * 12), *of(*range(LAYERS)), arrives=True)
    assert "between" in str(found(with_losses(lines, flat()))["no_gradient"].cause)


# -- optimizers ----------------------------------------------------------------------------------------------


def two_optimizers(stepped: list[list[int]]) -> list[Line]:
    lines = mlp_lines(LAYERS, len(stepped), header={"opt": [{"name": "SGD"}, {"name": "Adam"}]}, o=stepped)
    for row in lines[0]["params"][4:]:
        row[4] = 1
    return lines


def test_an_optimizer_that_never_steps() -> None:
    finding = found(two_optimizers([[0]] * 12))["not_updated"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.2", 0, "error")
    assert "Adam" in str(finding.message)


def test_one_that_steps_now_and_then_does() -> None:
    assert "not_updated" not in found(two_optimizers([[0]] * 6 + [[0, 1]] + [[0]] * 5))


def test_one_that_steps_between_the_recorded_steps_moves_its_weights() -> None:
    lines = two_optimizers([[0]] * 12)
    lines[9]["p"][4][2] = 2.1
    assert "not_updated" not in found(lines)


def test_of_every_tenth_step_it_is_not_known_what_happens_between() -> None:
    lines = two_optimizers([[0]] * 12)
    for line in lines[1:-1]:
        line["n"] *= 10
        line["p"] = line["p"][:4]
    assert not found(lines)["not_updated"].is_fault


def test_of_every_tenth_step_it_is_known_by_weights_that_stay() -> None:
    lines = two_optimizers([[0]] * 12)
    for line in lines[1:-1]:
        line["n"] *= 10
    assert found(lines)["not_updated"].is_fault


def test_losses_that_go_backward_without_any_step() -> None:
    lines = mlp_lines(LAYERS, 0)
    assert faults(lines) == []  # nothing was computed either
    lines[-1]["mb"] = 1
    assert faults(lines) == ["not_updated"]


def without_optimizer(*layers: int, **other: Any) -> list[Line]:
    lines = without(mlp_lines(LAYERS, 30, **other), *of(*layers), arrives=True)
    for row in lines[0]["params"]:
        if row[0] in of(*layers):
            row[4] = None
    return lines


def test_a_head_that_was_replaced_after_the_optimizer_was_made() -> None:
    finding = found(without_optimizer(LAYERS - 1))["not_optimized"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.3", 0, "error")
    assert "add_param_group" in finding.remedy


def test_a_backbone_that_no_optimizer_has_is_a_warning_where_it_learns() -> None:
    assert found(without_optimizer(0, 1, 2))["not_optimized"].severity == "warning"
    assert found(with_losses(without_optimizer(0, 1, 2), flat()))["not_optimized"].severity == "error"


@pytest.mark.parametrize("trainable", [False, True], ids=["frozen", "without an optimizer"])
def test_layers_that_an_optimizer_gets_later_are_no_fault_and_not_frozen(trainable: bool) -> None:
    """What is unfrozen layer by layer: the run line knows the start alone, from the sixth step on there are rows."""
    lines = mlp_lines(LAYERS, 30)
    early = without(mlp_lines(LAYERS, 30), *of(0), arrives=True)
    lines[1:6] = early[1:6]
    for row in lines[0]["params"]:
        if row[0] in of(0):
            row[3:] = [trainable, None]
    assert faults(lines) == []
    assert "frozen" not in found(lines)


@pytest.mark.parametrize("layers", [(1,), (0, 1)])
def test_a_target_network_without_gradients_is_none(layers: tuple[int, ...]) -> None:
    lines = without(mlp_lines(LAYERS, 12), *of(*layers))
    for row in lines[0]["params"]:
        if row[0] in of(*layers):
            row[4] = None
    assert faults(lines) == []
