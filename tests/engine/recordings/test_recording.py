"""What a recording says of its lines: columns, stages, the record of a step, snapshots."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine.core.numerics import Array
from gradtui_engine.recordings.columns import Call
from gradtui_engine.recordings.recording import Recording
from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS, SCHEMA
from tests.recordings import lstm_lines, mlp_lines, recorded, run_line, step_line


def test_a_columns_numbers_stand_by_event_and_call() -> None:
    at = {(2, "layers.1"): {"rms": 3.5, "grad": 0.25}, (1, "layers.0.weight"): {"update": 0.5}}
    recording = recorded(mlp_lines(layers=3, steps=4, at=at))
    columns = recording.columns
    assert recording.count == 4
    assert recording.complete
    names = ["layers.0", "acts.0", "layers.1", "acts.1", "layers.2"]
    assert recording.calls == tuple(Call(name) for name in names)
    column = names.index("layers.1")
    assert columns.activations["rms"][:, column].tolist() == [1.0, 1.0, 3.5, 1.0]
    assert columns.activations["grad"][2, column] == 0.25
    assert columns.parameters["update"][:, 0].tolist() == [1e-3, 0.5, 1e-3, 1e-3]
    assert set(columns.activations) == set(A_COLUMNS[2:])
    assert set(columns.parameters) == set(P_COLUMNS[1:])
    assert columns.steps.tolist() == [0, 1, 2, 3]
    assert columns.learning_rates.tolist() == [[0.1]] * 4
    assert columns.gradient_after.tolist() == [1.0] * 4
    assert columns.stepped.tolist() == [[True]] * 4


def test_nan_and_not_known_are_told_apart() -> None:
    at = {(1, "layers.0"): {"grad": None}, (2, "layers.0"): {"grad": "nan"}, (3, "layers.0"): {"grad": "inf"}}
    recording = recorded(mlp_lines(steps=4, at=at, loss=[1.0, None, "nan", "-inf"]))
    columns = recording.columns
    assert np.isnan(columns.activations["grad"][:, 0]).tolist() == [False, True, True, False]
    assert columns.activations["grad"][3, 0] == math.inf
    assert columns.activations_nan["grad"][:, 0].tolist() == [False, False, True, False]
    assert not columns.activations_nan["rms"].any()
    assert not columns.parameters_nan["grad"].any()
    assert columns.is_nan["loss"].tolist() == [False, False, True, False]
    assert columns.loss[3] == -math.inf
    # Of the step whose loss is not known there is none.
    steps, losses = columns.every_loss
    assert steps.tolist() == [0, 2, 3]
    assert math.isnan(losses[1])


def test_every_loss_is_the_rings_and_the_events_one_after_the_other() -> None:
    recording = recorded(mlp_lines(steps=4, every=5))
    steps, losses = recording.columns.every_loss
    assert steps.tolist() == [*range(16)]
    assert losses == pytest.approx([2.0 * 0.97**step for step in range(16)], abs=1e-5)
    assert recording.columns.loss.tolist() == losses[::5].tolist()


def test_a_loss_that_was_said_after_its_line_was_written_holds() -> None:
    lines = mlp_lines(steps=4, every=2)
    lines[2]["ring"][:0] = [[0, 7.0]]
    lines[3]["ring"][:0] = [[2, "nan"]]
    lines[-1]["ring"] = [[6, 0.5], [7, 0.25]]
    columns = recorded(lines).columns
    steps, losses = columns.every_loss
    assert steps.tolist() == [*range(8)]
    assert (losses[0], losses[6], losses[7]) == (7.0, 0.5, 0.25)
    assert math.isnan(losses[2])
    assert columns.loss[[0, 3]].tolist() == [7.0, 0.5]
    assert columns.is_nan["loss"].tolist() == [False, True, False, False]


def test_losses_after_the_last_event_stand_in_the_end_line() -> None:
    lines = mlp_lines(steps=2)
    lines[-1]["ring"] = [[2, 0.5], [3, 0.25]]
    assert recorded(lines).columns.every_loss[0].tolist() == [0, 1, 2, 3]


def test_what_has_been_handed_out_never_changes() -> None:
    lines = mlp_lines(steps=3)
    columns = recorded(lines).columns
    with pytest.raises(ValueError, match="read-only"):
        columns.loss[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        recorded(lines).snapshot().columns["gradient"][0] = 1.0


def test_the_record_of_a_step_has_its_stages_and_parameters() -> None:
    at = {
        (1, "acts.0"): {"mean": 3.0, "rms": 5.0, "off": 0.25, "grad": 0.5},
        (1, "acts.1"): {"grad": 2.0},
        (1, "layers.0.weight"): {"grad": 3.0, "weight": 2.0, "update": 0.5},
        (1, "layers.0.bias"): {"grad": 4.0, "weight": 0.0, "update": 0.0},
    }
    record = recorded(mlp_lines(layers=3, steps=3, at=at)).at(1)
    first, second, last = record.stages
    assert record.axis == "module"
    assert [stage.place for stage in record.stages] == ["layers.0", "layers.1", "layers.2"]
    assert (first.gradient_norm, second.gradient_norm, last.gradient_norm) == (0.5, 2.0, 0.5)
    assert (first.factor, second.factor, last.factor) == (0.25, 4.0, None)
    assert first.running_product == 1.0
    assert (first.activation_mean, first.activation_std, first.activation_dead) == (3.0, 4.0, 0.25)
    assert first.activation_saturated is None
    assert first.parameter_gradient_norm == 5.0
    assert first.update_ratio == 0.5
    assert record.parameter_numbers["layers.0.weight"].update_norm == 1.0
    assert record.loss == pytest.approx(1.94)
    assert record.theory is None
    assert record.arrays is None


@pytest.mark.parametrize(
    ("numbers", "kind", "place"),
    [
        ({"acts.0": {"grad": 1e-5}}, "vanishing", "layers.0"),
        ({"acts.0": {"grad": 1e5}}, "exploding", "layers.0"),
        ({"acts.1": {"off": 0.95}}, "dead", "layers.1"),
        ({"acts.0": {"off": 0.95}}, "dead", "layers.0"),
        ({"acts.1": {"sat": 0.6}}, "saturated", "layers.1"),
        ({"layers.1": {"rms": "nan"}}, "non_finite", "layers.1"),
        ({"acts.1": {"rms": "inf"}}, "non_finite", "layers.1"),
        ({"layers.1": {"grad": "nan"}, "layers.0": {"grad": "inf"}}, "non_finite", "layers.1"),
        ({}, "healthy", "layers.0"),
    ],
)
def test_the_signals_answer_is_that_of_the_rules(numbers: dict[str, dict[str, float]], kind: str, place: str) -> None:
    at = {(0, name): each for name, each in numbers.items()}
    answer = recorded(mlp_lines(layers=3, steps=1, at=at)).at(0).outcome.signal
    assert (answer.kind, answer.site) == (kind, place)
    assert answer.stage == ["layers.0", "layers.1", "layers.2"].index(place)


def test_where_a_gradient_is_not_known_the_others_are_judged() -> None:
    frozen = {(None, name): {"grad": None} for name in ("layers.0", "acts.0", "layers.2", "acts.2")}
    lines = mlp_lines(layers=5, steps=1, at={**frozen, (None, "acts.1"): {"grad": 1e-6}})
    record = recorded(lines).at(0)
    norms = [stage.gradient_norm for stage in record.stages]
    assert [math.isnan(norm) for norm in norms] == [True, False, True, False, False]
    assert (record.outcome.kind, record.outcome.stage, record.outcome.site) == ("vanishing", 1, "layers.1")
    assert record.decay.vanished_after == 3
    assert [stage.running_product for stage in record.stages] == [None, 2e-6, None, 1.0, 1.0]


def test_a_recording_without_any_gradient_has_an_answer() -> None:
    nothing = {(None, name): {"grad": None} for name in ("layers.0", "acts.0", "layers.1")}
    record = recorded(mlp_lines(layers=2, steps=1, at=nothing)).at(0)
    assert record.outcome.kind == "healthy"
    assert math.isnan(record.outcome.ratio)


def test_a_recording_of_losses_alone_has_a_record_too() -> None:
    lines = [run_line([], []), *({"k": "step", "n": n, "loss": 1.0 / (n + 1)} for n in range(3))]
    recording = recorded(lines)
    assert [stage.place for stage in recording.at(2).stages] == ["model"]
    assert recording.at(2).loss == pytest.approx(1 / 3)
    assert recording.snapshot().columns["gradient"].shape == (3, 0)
    assert recording.summary["loss"].tolist() == [1.0, 0.5, 1 / 3]


def test_a_snapshots_columns_are_those_of_a_training() -> None:
    at = {(1, "acts.0"): {"grad": 1e-3, "mean": 3.0, "rms": 5.0, "off": 0.25}, (0, "acts.0"): {"grad": 0.0}}
    recording = recorded(mlp_lines(layers=2, steps=3, at=at, every=4))
    snapshot = recording.snapshot()
    columns = snapshot.columns
    assert snapshot.count == 3
    assert snapshot.steps.tolist() == [0, 4, 8]
    assert snapshot.places == ("layers.0", "layers.1")
    assert snapshot.parameters == ("layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias")
    assert columns["gradient"][0].tolist() == [-math.inf, math.log10(0.5)]
    assert columns["update_ratio"].shape == (3, 4)
    assert columns["learning_rate"].tolist() == [0.1] * 3
    assert np.isnan(columns["accuracy"]).all()
    assert snapshot.summary["gradient_norm"][0].tolist() == [0.0, 0.5]
    assert snapshot.summary["loss"].tolist() == columns["loss"].tolist()
    assert snapshot.done
    assert snapshot.complete


@pytest.mark.parametrize(
    ("losses", "kind"),
    [
        ([2.0, 1.5, 1.0], "falling"),
        ([-1.0, -2.0, -3.0], "falling"),
        ([2.0, 2.0, 2.0], "stalled"),
        ([2.0, 20.0, 200.0], "diverged"),
        ([2.0, 1.0, "nan"], "diverged"),
    ],
)
def test_the_losses_say_whether_it_learns(losses: list[float], kind: str) -> None:
    outcome = recorded(mlp_lines(steps=3, loss=losses)).snapshot().outcome
    assert outcome is not None
    assert (outcome.question, outcome.kind) == ("learning", kind)


# -- over time ----------------------------------------------------------------------------------------------


def test_over_time_the_stages_are_the_time_steps_of_the_top_layer() -> None:
    recording = recorded(lstm_lines(times=5, layers=2, bidirectional=True, factor=0.5))
    assert recording.axes == ("", "lstm", "lstm · layer 0", "lstm · layer 0 · reverse", "lstm · layer 1 · reverse")
    record = recording.at(1, axis="lstm")
    assert record.axis == "time"
    assert [stage.cell_gradient_norm for stage in record.stages] == [0.5 ** (5 - t) for t in range(6)]
    assert record.stages[0].layer_gradient_norms == (1 / 32, 1 / 32)
    assert record.stages[2].factors == {"cell": 0.5}
    assert record.outcome.average_factor == pytest.approx(0.5)
    snapshot = recording.snapshot("lstm")
    assert snapshot.axis == "time"
    assert snapshot.columns["cell_gradient"][0] == pytest.approx([(5 - t) * math.log10(0.5) for t in range(6)])
    assert snapshot.columns["gates"].shape == (4, 4, 5)
    assert [stage.place for stage in recording.at(1).stages] == ["lstm", "head"]


def test_vanishing_over_time_is_seen_in_the_cell_state() -> None:
    record = recorded(lstm_lines(times=20, factor=0.5)).at(0, axis="lstm")
    assert (record.outcome.kind, record.outcome.stage) == ("vanishing", 10)


def test_sequences_of_other_lengths_stand_behind_each_other() -> None:
    lines = lstm_lines(steps=2, times=3)
    longer = lstm_lines(steps=2, times=6)
    lines[2]["seq"] = longer[2]["seq"]
    recording = recorded(lines)
    sequences = recording.sequences["lstm"]
    assert sequences.lengths.tolist() == [3, 6]
    assert np.isnan(sequences.layers[0].h[0, 4:]).all()
    assert [len(recording.at(event, axis="lstm").stages) for event in (0, 1)] == [4, 7]


def test_a_cell_in_a_loop_has_its_calls_as_time_steps() -> None:
    header = run_line([["cell", "GRUCell"], ["out", "Linear"]], [("cell.weight_hh", (6, 2)), ("out.weight", (1, 2))])
    calls = [call for time in range(4) for call in ((0, time), (1, time))]
    line = step_line(0, calls, 2)
    for row in line["a"]:
        row[8] = 10.0 ** (row[1] - 3)
    recording = recorded([header, line])
    assert recording.axes == ("", "cell")
    assert [stage.place for stage in recording.stages] == ["cell", "out"]
    record = recording.at(0, axis="cell")
    assert math.isnan(record.stages[0].gradient_norm)
    assert [stage.gradient_norm for stage in record.stages[1:]] == [1e-3, 1e-2, 1e-1, 1.0]


# -- what is not there ---------------------------------------------------------------------------------------


def test_there_are_no_other_events_and_axes() -> None:
    recording = recorded(mlp_lines(steps=2))
    with pytest.raises(IndexError):
        recording.at(2)
    with pytest.raises(IndexError):
        recording.at(-1)
    with pytest.raises(KeyError):
        recording.at(0, axis="lstm")


def test_a_step_is_found_by_the_last_event_up_to_it() -> None:
    recording = recorded(mlp_lines(steps=3, every=10))
    assert [recording.event_of(step) for step in (0, 9, 10, 19, 25, 1000)] == [0, 0, 1, 1, 2, 2]


def test_calls_that_come_later_stand_where_they_are_called() -> None:
    lines = mlp_lines(layers=3, steps=2)
    whole = lines[1]["a"]
    lines[1] = lines[1] | {"a": [whole[0], whole[4]]}
    lines[2]["a"][2][3] = 7.0
    recording = recorded(lines)
    assert [call.module for call in recording.calls] == ["layers.0", "acts.0", "layers.1", "acts.1", "layers.2"]
    assert _row(recording.columns.activations["rms"], 0) == [1.0, None, None, None, 1.0]
    assert _row(recording.columns.activations["rms"], 1) == [1.0, 1.0, 7.0, 1.0, 1.0]


def _row(values: Array, event: int) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values[event].tolist()]


def test_columns_of_a_newer_recorder_are_passed_over() -> None:
    header = {"fields": {"a": [*A_COLUMNS, "new"], "p": ["new", *P_COLUMNS]}}
    lines = mlp_lines(steps=1, header=header)
    lines[1]["a"] = [[*row, 99.0] for row in lines[1]["a"]]
    lines[1]["p"] = [[99.0, *row] for row in lines[1]["p"]]
    lines.insert(1, {"k": "weather", "n": 0})
    recording = recorded(lines)
    assert recording.columns.activations["rms"].tolist() == [[1.0] * 5]
    assert recording.columns.parameters["weight"].tolist() == [[2.0] * 6]
    assert recording.notes == ()
    assert recording.header.columns["a"][-1] == "new"
    assert SCHEMA == 1


def test_notes_and_the_end_are_there() -> None:
    lines = mlp_lines(steps=1, end="exit")
    lines.insert(1, {"k": "note", "n": 3, "text": "packed sequences are not replayed", "module": "layers.0"})
    recording = Recording.of_lines(lines)
    (note,) = recording.notes
    assert (note.step, note.text, note.module) == (3, "packed sequences are not replayed", "layers.0")
    assert recording.ended is not None
    assert (recording.ended.why, recording.ended.step, recording.ended.wall) == ("exit", 1, 10.0)
    assert recorded(mlp_lines(end=None)).ended is None


def test_a_model_that_is_a_recurrent_module_itself_has_an_axis_over_time_under_its_class() -> None:
    lines = lstm_lines(3, 5, layers=2)
    lines[0]["modules"] = [["", "LSTM", "LSTM", {"input_size": 4, "hidden_size": 8, "num_layers": 2}]]
    lines[0]["params"] = [[name.removeprefix("lstm."), *rest] for name, *rest in lines[0]["params"][:2]]
    for line in lines[1:-1]:
        line["a"], line["p"] = line["a"][:1], line["p"][:2]
    recording = recorded(lines)
    assert recording.axes[:2] == ("", "LSTM")
    assert recording.snapshot().columns["gradient"].shape == (3, len(recording.stages))
    assert recording.snapshot("LSTM").columns["gradient"].shape == (3, 6)
