"""The language of a lesson's conditions and measures: what it reads, what it refuses, what the measures mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui.lessons.conditions import OPERATORS, condition
from gradtui.text.measured import measured_text
from gradtui_engine import Experiment, Run, build
from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.core.fields import Rejected
from gradtui_engine.measures.expression import expression
from gradtui_engine.measures.measured import Measured, divide
from gradtui_engine.measures.of_run import Measure, last_stage, measure
from gradtui_engine.measures.table import MEASURES
from tests.tui.helpers import CASES, trace_of

MLP = Experiment(depth=9, activation="tanh", width=8, batch=8)
LSTM = Experiment(cell="lstm", data="gaussian", steps=7, width=5, batch=4, inputs=3)


def value_of(text: str, trace: Run) -> float | str | None:
    wanted = expression(text)
    found = [measure(each.row, each.place, trace) for each in wanted.operands if isinstance(each.row, Measure)]
    return (found[0] if len(found) == 1 else divide(*found)).value


def holds(text: str, **values: float | str | None) -> bool | None:
    """A condition about given values; a name that is not given is not measured yet."""
    return condition(text).holds({name.replace("__", "."): Measured(value) for name, value in values.items()}.get)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("ratio < 1e-3", False),
        ("ratio>=0.5", True),
        ("ratio == 0.5", True),
        ("ratio != 0.5", False),
        ("ratio between 0.5 and 0.6", True),
        ("ratio between 0.6 and 1", False),
        ("ratio between 0.1 and 1 and loss > 2", True),
        ("loss > 2 and ratio between 0.1 and 0.2", False),
        ("ratio < loss", True),
        ("b.ratio > ratio", True),
        ("kind == vanishing", True),
        ("kind != vanishing", False),
        ("kind == healthy", False),
        ("ratio <= 0.5 and kind == vanishing and loss <= 3", True),
    ],
)
def test_a_condition_is_true_when_all_its_comparisons_are(text: str, truth: bool) -> None:
    assert holds(text, ratio=0.5, loss=3.0, b__ratio=0.7, kind="vanishing") is truth


def test_a_condition_on_what_is_not_measured_is_neither_true_nor_false_unless_another_part_is_false() -> None:
    assert holds("ratio < 1") is None
    assert holds("ratio < 1", ratio=None) is None
    assert holds("ratio < 1 and loss > 5", loss=1.0) is False
    assert holds("ratio < 1 and loss > 5", loss=9.0) is None


def test_nothing_but_inequality_is_true_of_nan() -> None:
    for sign in OPERATORS:
        assert holds(f"ratio {sign} 1", ratio=math.nan) is (sign == "!=")
    assert holds("ratio between 0 and 1", ratio=math.nan) is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ratio", "compares nothing"),
        ("", "compares nothing"),
        ("ratoi < 1", "did you mean 'ratio'"),
        ("ratio < ", "no measure"),
        ("ratio < vanishing", "the name of a kind"),
        ("ratio < kind", "a name"),
        ("kind < 3", "with == or !="),
        ("kind == vanished", "did you mean 'vanishing'"),
        ("kind / ratio > 1", "divides by a name"),
        ("ratio / loss / loss > 1", "more than once"),
        ("ratio between 1", "no range"),
        ("ratio between 2 and 1", "smaller number comes first"),
        ("ratio between 0.1 and x", "no range"),
        ("ratio < inf", "is unknown"),
        ("factor < 1", "factor@first"),
        ("factor@midle < 1", "did you mean 'middle'"),
        ("ratio@3 < 1", "without @3"),
        ("c.ratio < 1", "b. for experiment B"),
        ("__import__('os').system('true') < 1", "no measure"),
        ("ratio < 1 or loss < 2", "no measure"),
        ("ratio < 1 and", "no measure"),
        ("factor@-1 < 1", "first, middle, last; or a number"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_what_is(text: str, says: str) -> None:
    with pytest.raises(Rejected) as error:
        condition(text)
    assert says in str(error.value)


@pytest.mark.parametrize("text", ["b.factor@12/factor@first", " b.factor@012 / factor@first "])
def test_an_expression_has_one_spelling_however_it_is_written(text: str) -> None:
    assert expression(text).text == "b.factor@12 / factor@first"
    assert expression(expression(text).text) == expression(text)


# -- what the measures mean --------------------------------------------------------------------------------


def gradient(trace: Run, name: str) -> float:
    return float(np.sqrt(np.sum(np.square(trace.gradients[name]))))


def test_the_measures_of_the_gradient_are_norms_of_the_recorded_arrays() -> None:
    trace = trace_of(MLP)
    norms = [gradient(trace, f"h/{layer}") for layer in range(10)]
    assert value_of("gradient@4", trace) == pytest.approx(norms[4])
    assert value_of("gradient@first", trace) == pytest.approx(norms[1])
    assert value_of("gradient@middle", trace) == pytest.approx(norms[5])
    assert value_of("ratio", trace) == pytest.approx(norms[1] / norms[9])
    assert value_of("factor@first", trace) == pytest.approx(norms[1] / norms[2])
    assert value_of("factor@middle", trace) == pytest.approx(norms[5] / norms[6])
    assert value_of("factor@last", trace) == pytest.approx(norms[8] / norms[9])
    assert value_of("running_product@3", trace) == pytest.approx(norms[3] / norms[9])
    assert value_of("average_factor", trace) == pytest.approx((norms[1] / norms[9]) ** (1 / 8))
    assert value_of("half_life", trace) == pytest.approx(math.log(0.5) / math.log((norms[1] / norms[9]) ** (1 / 8)))
    assert value_of("gradient@2 / gradient@7", trace) == pytest.approx(norms[2] / norms[7])


def test_the_parts_of_a_factor_multiply_to_it() -> None:
    trace = trace_of(MLP)
    parts = [value_of(f"{name}@3", trace) for name in ("activation_factor", "weight_factor")]
    assert math.prod(parts) == pytest.approx(value_of("factor@3", trace))


def test_the_measures_of_the_signal_are_statistics_of_the_hidden_state() -> None:
    trace = trace_of(MLP)
    assert value_of("activation_std@last", trace) == pytest.approx(float(np.std(trace.values["h/9"])))
    assert value_of("activation_mean@2", trace) == pytest.approx(float(np.mean(trace.values["h/2"])))
    assert value_of("saturated@first", trace) == pytest.approx(float(np.mean(np.abs(trace.values["h/1"]) > 0.97)))
    relu = trace_of(MLP.replace(activation="relu"))
    off = np.all(relu.values["h/5"] == 0, axis=0)
    assert value_of("dead@5", relu) == pytest.approx(float(np.mean(off)))


def test_the_measures_of_an_lstm_start_at_its_initial_state() -> None:
    trace = trace_of(LSTM)
    assert value_of("gradient@first", trace) == pytest.approx(gradient(trace, "h/0"))
    cells = [float(np.linalg.norm(each)) for each in trace.gradients["c"]]
    assert value_of("ratio", trace) == pytest.approx(cells[0] / cells[7])
    assert value_of("cell_gradient@first", trace) == pytest.approx(cells[0])
    assert value_of("cell_factor@2", trace) == pytest.approx(cells[2] / cells[3])
    pinned = trace_of(LSTM.replace(pin_forget=0.75))
    assert value_of("direct_factor@3", pinned) == pytest.approx(0.75)


def test_the_loss_after_the_update_is_that_of_stepping_along_the_gradient() -> None:
    trace = trace_of(MLP.replace(learning_rate=0.05))
    network = build(MLP)
    moved = {name: each - 0.05 * trace.parameter_gradients[name] for name, each in network.parameters.items()}
    assert value_of("loss_after_update", trace) == pytest.approx(network.with_parameters(moved).run().loss)
    assert value_of("loss", trace) == pytest.approx(network.run().loss)


def test_clipping_is_measured_on_all_gradients_together() -> None:
    trace = trace_of(MLP.replace(clip="norm", clip_threshold=0.01))
    total = math.sqrt(sum(float(np.sum(np.square(each))) for each in trace.parameter_gradients.values()))
    assert total > 0.01
    assert value_of("total_gradient", trace) == pytest.approx(total)
    assert value_of("clipped_gradient", trace) == pytest.approx(0.01, rel=1e-3)


def test_the_update_ratio_of_plain_sgd_is_the_learning_rate_times_gradient_over_weight() -> None:
    trace = trace_of(MLP)
    name = "layers.4.weight"
    sizes = [float(np.linalg.norm(each[name])) for each in (trace.parameter_gradients, trace.parameters)]
    assert value_of("update_ratio@4", trace) == pytest.approx(0.1 * sizes[0] / sizes[1])


@pytest.mark.parametrize("case", CASES)
def test_every_measure_gives_a_value_or_says_why_there_is_none(case: str) -> None:
    trace = trace_of(CASES[case])
    for row in MEASURES.values():
        if not isinstance(row, Measure):
            continue
        for place in ("first", "middle", "last", "0", "3", "999999") if row.at else ("",):
            with np.errstate(all="ignore"):
                found = measure(row, place, trace)
            assert (found.value is None) == bool(found.problem), f"{row.name}@{place}"
            assert isinstance(found.value, str) == (row.is_name and found.value is not None)
            assert measured_text(found)
            if place == "999999":
                assert found.value is None
    assert value_of("kind", trace) in KINDS


@pytest.mark.parametrize("experiment", [MLP, LSTM])
def test_the_number_of_the_last_stage_is_known_before_the_run(experiment: Experiment) -> None:
    assert last_stage(experiment) == len(trace_of(experiment).stages) - 1


def test_the_ratio_of_two_measures_follows_ieee_754() -> None:
    assert divide(Measured(6.0), Measured(3.0)).value == 2.0
    assert divide(Measured(1.0), Measured(0.0)).value == math.inf
    assert math.isnan(float(divide(Measured(0.0), Measured(0.0)).value or 0.0))
    assert divide(Measured(None, problem="why"), Measured(1.0)).problem == "why"
