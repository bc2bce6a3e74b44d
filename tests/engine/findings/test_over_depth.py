"""What dies, saturates, explodes and vanishes over depth; and what only looks so."""

from __future__ import annotations

import pytest

from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import At, Line, mlp_lines

DEEP = 8


def graded(factor: float, layers: int = DEEP, first: int = 0) -> At:
    """Gradients at the outputs of layers that change by this factor from each layer to the one before it."""
    return {(None, f"layers.{k}"): {"grad": factor ** (layers - 1 - k)} for k in range(first, layers)}


def flat_mlp(steps: int = 30, **other: object) -> list[Line]:
    return with_losses(mlp_lines(DEEP, steps, **other), flat())  # type: ignore[arg-type]


def test_a_name_that_is_a_number_is_said_with_what_it_is() -> None:
    lines = mlp_lines(
        layers=6,
        activation="Sigmoid",
        at={(None, f"layers.{layer}"): {"grad": 10.0 ** (2 * layer - 10)} for layer in range(6)},
    )
    plain = found(lines)["vanishing"]
    for row in lines[0]["modules"]:
        row[0] = row[0].rpartition(".")[2] if row[0].startswith("layers") else row[0]
    for row in lines[0]["params"]:
        row[0] = row[0].removeprefix("layers.")
    finding = found(lines)["vanishing"]
    assert (plain.layer, plain.called) == (f"layers.{finding.layer}", None)
    assert str(finding.called) == f"layer {finding.layer} (Linear)"
    assert finding.message.startswith(f"layer {finding.layer} (Linear) gets ")


def test_a_gradient_that_fades_with_depth_vanishes_where_it_is_least_from_the_first_step_on() -> None:
    finding = found(flat_mlp(at=graded(0.2)))["vanishing"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.0", 0, "error")
    assert finding.evidence["ratio"] == pytest.approx(0.2**7, rel=1e-4)  # the record has five digits
    assert finding.evidence["average_factor"] == pytest.approx(0.2, rel=1e-4)
    assert finding.evidence["vanished_from"] == "layers.2"  # 0.2⁵ is the first below 1e-3


def test_it_is_a_note_where_the_network_learns() -> None:
    finding = found(mlp_lines(DEEP, 30, at=graded(0.2)))["vanishing"]
    assert not finding.is_fault


def test_where_what_gets_nothing_does_not_move_it_is_a_fault_though_others_learn() -> None:
    still = {(None, f"layers.{k}.weight"): {"update": 1e-11} for k in range(3)}
    assert found(mlp_lines(DEEP, 30, at=graded(0.2) | still))["vanishing"].severity == "warning"


def test_above_a_thousandth_nothing_vanishes() -> None:
    assert faults(flat_mlp(at=graded(0.4))) == []  # 0.4⁷ = 1.6e-3


def test_a_branch_that_gets_little_while_layers_before_it_get_theirs_does_not_vanish() -> None:
    # Queries and keys of attention that is still even.
    assert "vanishing" not in found(flat_mlp(at={(None, "layers.4"): {"grad": 1e-6}}))


@pytest.mark.parametrize(("factor", "explodes"), [(3.0, True), (2.5, False)])
def test_a_gradient_that_grows_over_a_thousandfold_explodes(factor: float, explodes: bool) -> None:
    # 3⁷ = 2187; 2.5⁷ = 610.
    assert ("exploding" in faults(flat_mlp(at=graded(factor)))) == explodes


def test_a_side_head_of_little_weight_that_is_called_last_is_not_what_gradients_are_measured_by() -> None:
    at = {(None, f"layers.{DEEP - 1}"): {"grad": 1e-4}}
    assert found(flat_mlp(at=at)).keys() <= {"loss_flat"}


def test_what_explodes_once_and_throws_its_own_weights_has_exploded() -> None:
    large = {(0, f"layers.{k}"): {"grad": 4.0 ** (DEEP - 1 - k)} for k in range(DEEP)}
    at = large | {(0, "layers.0.weight"): {"update": 30.0}}
    assert "exploding" in faults(flat_mlp(at=at))
    assert "exploding" not in faults(flat_mlp(at=large))
    assert "exploding" not in faults(mlp_lines(DEEP, 30, at=at))  # it learns


# -- dead and saturated --------------------------------------------------------------------------------------


def test_a_dead_layer_is_dead_from_where_on_it_stays_so() -> None:
    at = {(n, "acts.2"): {"off": 0.95} for n in range(12, 40)} | {(3, "acts.2"): {"off": 0.95}}
    finding = found(mlp_lines(DEEP, 40, at=at))["dead"]
    assert (finding.layer, finding.step, finding.severity) == ("acts.2", 12, "warning")


@pytest.mark.parametrize("off", [0.89, 0.5])
def test_below_nine_tenths_it_is_alive(off: float) -> None:
    assert faults(mlp_lines(DEEP, 40, at={(None, "acts.2"): {"off": off}})) == []


def test_a_layer_that_comes_back_is_not_dead() -> None:
    at = {(n, "acts.2"): {"off": 1.0} for n in range(30)}
    assert faults(mlp_lines(DEEP, 40, at=at)) == []


def cut(to: int, since: int = 0, steps: int = 40) -> At:
    """Exactly no gradient at the layers up to this one and at their weights, from this step on."""
    return {
        (n, f"layers.{k}{part}"): {"grad": 0.0}
        for n in range(since, steps)
        for k in range(to + 1)
        for part in ("", ".weight", ".bias")
    }


def linear(steps: int = 40, **other: object) -> list[Line]:
    """Layers between which no activation function is seen: own code, torch.where, a maximum."""
    return flat_mlp(steps, activation="Identity", at=other.pop("at"), **other)


@pytest.mark.parametrize("since", [0, 12])
def test_layers_that_get_exactly_nothing_are_dead_from_the_last_one_of_them_on(since: int) -> None:
    findings = found(linear(at=cut(2, since)))
    dead = findings["dead"]
    assert (dead.layer, dead.step, dead.severity) == ("layers.2", since, "error")
    assert dead.evidence["layers"] == ["layers.0", "layers.1", "layers.2"]
    assert faults(linear(at=cut(2, since)))[0] == "dead"
    vanishing = findings["vanishing"]
    assert "layers.2 is dead" in vanishing.cause
    assert "kaiming" not in vanishing.remedy


def test_where_all_that_the_last_layer_gets_is_0_too() -> None:
    behind = {(None, f"layers.{k}.weight"): {"grad": 0.0} for k in range(3, DEEP)}
    assert found(linear(at=cut(2) | behind))["dead"].layer == "layers.2"


def test_a_branch_beside_others_is_dead_by_itself() -> None:
    only = {key: value for key, value in cut(3).items() if key[1].startswith("layers.3")}
    finding = found(mlp_lines(DEEP, 40, activation="Identity", at=only))["dead"]
    assert (finding.layer, finding.severity) == ("layers.3", "warning")


@pytest.mark.parametrize(
    "at",
    [
        cut(2, steps=20),  # it came back
        cut(DEEP - 1),  # a loss of 0: a hinge that all samples satisfy
        {key: value for key, value in cut(2).items() if key[1].count(".") == 1},  # the weights get theirs
        {key: value for key, value in cut(2).items() if key[1].count(".") == 2},  # inputs of 0
        cut(2) | {(None, f"layers.{k}"): {"grad": 1e-17} for k in range(3, DEEP)},  # too little to be seen
        cut(2) | {(None, f"layers.{k}.weight"): {"grad": 0.0, "weight": 0.0} for k in range(3)},  # zeros
    ],
)  # fmt: skip
def test_what_gets_nothing_for_another_reason_is_not_dead(at: At) -> None:
    assert "dead" not in found(linear(at=at))


def test_where_a_saturated_function_takes_all_of_it_that_is_why() -> None:
    at = cut(2) | {(None, "acts.2"): {"sat": 1.0}}
    findings = found(flat_mlp(40, activation="Tanh", at=at))
    assert "dead" not in findings
    assert "saturated" in findings


def test_nor_is_an_expert_to_whom_no_sample_is_sent() -> None:
    lines = linear(at=cut(2))
    for line in lines[1:-1]:
        line["a"] = [row for row in line["a"] if row[0] > 4]
    assert "dead" not in found(lines)


def test_saturated_hidden_layers_are_a_fault_where_nothing_is_learnt_and_a_note_where_it_is() -> None:
    at = {(None, "acts.1"): {"sat": 0.8}}
    finding = found(flat_mlp(activation="Tanh", at=at))["saturated"]
    assert (finding.layer, finding.step, finding.is_fault) == ("acts.1", 0, True)
    assert not found(mlp_lines(DEEP, 30, activation="Tanh", at=at))["saturated"].is_fault


@pytest.mark.parametrize("sat", [0.5, 0.2])
def test_up_to_half_of_a_layer_may_be_at_its_ends(sat: float) -> None:
    assert "saturated" not in found(flat_mlp(activation="Tanh", at={(None, "acts.1"): {"sat": sat}}))


def test_an_output_may_be_at_its_ends() -> None:
    lines = flat_mlp(activation="Sigmoid")
    header = lines[0]
    header["modules"].append(["out", "Sigmoid", "Sigmoid", {}])
    for line in lines[1:-1]:
        line["a"].append([len(header["modules"]) - 1, 0, 0.5, 0.7, 0.0, 1.0, None, 0.99, 0.5, None])
    assert "saturated" not in found(lines)
