"""The why pane: the equation of the step, with the very numbers of the trace put in."""

from __future__ import annotations

import math
import re

import pytest

from gradtui.text import language
from gradtui.views.explore import why
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment, Phase, StageNumbers, Step
from gradtui_engine.cells.table import OPERATIONS
from gradtui_engine.core.figures import many, part_of, short, subscript
from tests.tui.helpers import CASES, scene_of, texts, timeline_of, trace_of

#: Layers of one linear map and one activation, and layers with a norm and a skip beside them.
LAYERS = [
    name
    for name, each in CASES.items()
    if each.cell == "mlp" and each.resolved.residual == each.resolved.norm == "none"
]
BLOCKS = [name for name, each in CASES.items() if each.cell == "mlp" and each.resolved.residual != "none"]
LSTM = [name for name, each in CASES.items() if each.cell == "lstm"]

layers = pytest.mark.parametrize("name", LAYERS)
lstm = pytest.mark.parametrize("name", LSTM)

NOTHING = "nothing arrives here: of 0 there is no factor"


def text(scene: Scene) -> str:
    return "\n".join(line.rstrip() for line in texts(why.view(scene, 200, 40)))


def _carried(stage: StageNumbers) -> float:
    """What the verdict follows: ‖∂L/∂c‖ where there is a cell state."""
    return stage.gradient_norm if stage.cell_gradient_norm is None else stage.cell_gradient_norm


def numbers(line: str) -> list[str]:
    return re.findall(r"-?\d+\.\d+(?:e-?\d+)?|-?\d+e-?\d+|nan|-?inf|\b0\b", line, re.ASCII)


def at(name: str, wanted: Phase, stages: int = 6) -> list[tuple[Step, str]]:
    """Some steps of a phase, evenly spread, with what the pane says of each."""
    steps = [step for step in trace_of(CASES[name]).steps if step.phase is wanted]
    chosen = steps[:: max(1, len(steps) // stages)] + steps[-2:]
    return [(step, text(scene_of(CASES[name], step=step.index))) for step in chosen]


def test_every_operation_is_explained_in_both_directions() -> None:
    wanted = {(name, backward) for name in OPERATIONS for backward in (False, True)} | {("update", False)}
    assert wanted <= why.EXPLAIN.keys()


@pytest.mark.parametrize("name", CASES)
def test_every_step_of_every_trace_has_an_explanation(name: str) -> None:
    for phase in Phase:
        for step, said in at(name, phase):
            assert len(said.strip()) > 10, step


@layers
def test_a_layer_behind_the_gradient_shows_its_factor_as_the_product_of_its_parts(name: str) -> None:
    stages = trace_of(CASES[name]).stages
    for step in trace_of(CASES[name]).steps:
        if step.phase is Phase.BACKWARD and step.completes is not None and step.stage is not None:
            stage = stages[step.completes]
            if stage.gradient_norm == 0:
                break
            said = text(scene_of(CASES[name], step=step.index))
            below = f"layer {step.completes}" if step.completes else "the input"
            line = next(line for line in said.splitlines() if line.startswith(f"from layer {step.stage} to {below}: "))
            known = [value for value in stage.factors.values() if value is not None]
            assert numbers(line.split(":")[1]) == [short(value) for value in (*known, stage.factor)]
            assert line.count("×") == max(1, len(known))
            # A part that is not there has its reason.
            assert (stage.unknown_parts in said) == (len(known) < len(stage.factors)) or not stage.unknown_parts


@pytest.mark.parametrize("name", BLOCKS)
def test_a_layer_with_a_skip_shows_every_part_of_its_factor(name: str) -> None:
    trace = trace_of(CASES[name])
    reached = [step for step in trace.steps if step.phase is Phase.BACKWARD and step.completes is not None]
    for step in reached:
        stage = trace.stages[step.completes or 0]
        said = text(scene_of(CASES[name], step=step.index))
        wanted = {short(value) for value in (*stage.factors.values(), stage.factor) if value is not None}
        assert wanted <= set(numbers(said)), step


@layers
def test_the_numbers_of_a_layers_two_backward_steps_chain(name: str) -> None:
    """What σ′ leaves of ‖∂L/∂h‖ is the ‖δ‖ that W takes over, and what W leaves is the next ‖∂L/∂h‖."""
    trace = trace_of(CASES[name])
    for layer in {1, len(trace.stages) - 1}:
        steps = [step for step in trace.steps if step.phase is Phase.BACKWARD and step.stage == layer]
        said = {step.operation: text(scene_of(CASES[name], step=step.index)) for step in steps}
        if trace.stages[layer].gradient_norm == 0:
            assert all(NOTHING in each for each in said.values())
            continue
        delta = f"‖δ{subscript(layer)}‖ {short(trace.gradient_norm(f'z/{layer}'))}"
        assert f"‖∂L/∂h{subscript(layer)}‖ {short(trace.stages[layer].gradient_norm)}" in said["activation"]
        assert delta in said["activation"]
        assert delta in said["linear"]
        assert f"‖∂L/∂h{subscript(layer - 1)}‖ {short(trace.stages[layer - 1].gradient_norm)}" in said["linear"]


@lstm
def test_a_step_back_in_time_shows_the_two_paths_of_c_and_their_sum(name: str) -> None:
    trace = trace_of(CASES[name])
    for step, said in at(name, Phase.BACKWARD):
        if step.stage is None:
            continue
        if trace.program.instructions[step.instruction or 0].outputs[0] not in trace.program.stages:
            assert "a lower layer" in said
            continue
        stage = trace.stages[step.stage - 1]
        if trace.stages[step.stage].cell_gradient_norm == trace.stages[step.stage].gradient_norm == 0:
            assert NOTHING in said
            continue
        above, below = (scene_of(CASES[name]).name(step.stage - back) for back in (0, 1))
        line = next(line for line in said.splitlines() if line.startswith(f"from {above} to {below}: direct path f "))
        names = ("direct", "gates", "loss" if "loss" in stage.factors else "cosine", "cell")
        assert numbers(line.split(": ", 1)[1]) == [short(stage.factors[part]) for part in names]
        # ∂L/∂h can be 0 where ∂L/∂c is not: a step that starts from 0 has no factor.
        starts = trace.stages[step.stage].gradient_norm
        assert f"×{short(stage.factor)}" in said if starts else "nan" not in said
        assert short(stage.gradient_norm) in said
        assert short(stage.cell_gradient_norm) in said


@pytest.mark.parametrize("name", ["mlp", "lstm", "growing", "one layer", "one number", "300 steps"])
def test_so_far_names_start_average_count_and_where_it_has_come_to(name: str) -> None:
    trace = trace_of(CASES[name])
    last = len(trace.stages) - 1
    for stage in {0, last // 2, last - 1}:
        value, top = (_carried(trace.stages[each]) for each in (stage, last))
        scene = scene_of(CASES[name], selected=stage)
        said = text(scene)
        average = (value / top) ** (1 / (last - stage))
        found = re.search(
            rf"so far, (?:‖∂L/∂c‖ )?from {scene.name(last)} to {scene.name(stage)}: (\S+) × ([^\s^]+)\^(\d+) = (\S+)",
            said,
        )
        assert found is not None
        start, base, count, total = found.groups()
        assert (float(start), float(base)) == pytest.approx((top, average), rel=6e-3 if "e" not in start else 0.06)
        assert int(count) == last - stage
        share = value / top
        assert f"= {total} ({f'×{many(share)}' if share > 1 else part_of(share)} of what set out)" in said
        # What a calculator makes of the printed numbers is what is printed.
        assert short(float(start) * float(base) ** int(count)) == total == short(value)


@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "growing", "no weights", "overflow"])
def test_where_the_gradient_has_arrived_the_verdict_stands_with_its_rule(name: str) -> None:
    outcome = trace_of(CASES[name]).outcome
    assert outcome.first_step is not None
    first = 1 if trace_of(CASES[name]).axis != "time" else 0
    arrived = text(scene_of(CASES[name], selected=first))
    assert f"rule: {outcome.signal.rule}" in arrived
    assert outcome.signal.message in arrived
    updated = text(scene_of(CASES[name], step=len(trace_of(CASES[name]).steps) - 1))
    assert f"rule: {outcome.first_step.rule}" in updated
    assert outcome.first_step.message in updated


@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "growing"])
def test_the_product_is_written_out_factor_by_factor(name: str) -> None:
    trace = trace_of(CASES[name])
    last = len(trace.stages) - 1
    for stage in (0, last // 2):
        said = " ".join(text(scene_of(CASES[name], selected=stage)).split())
        found = re.search(r"multiplied out: ((?:\S+ × )+\S+) = (\S+)", said)
        assert found is not None
        start, *factors = map(float, found[1].split(" × "))
        assert len(factors) == last - stage
        assert found[2] == short(_carried(trace.stages[stage]))
        assert f"{short(_carried(trace.stages[last]))} × " in found[0]
        # Each number is rounded to three digits, numbers below 0.01 to two.
        assert start * math.prod(factors) == pytest.approx(float(found[2]), rel=0.06 + 0.0005 * len(factors))


def test_a_product_of_a_thousand_factors_shows_both_its_ends() -> None:
    said = " ".join(text(scene_of(CASES["1000 layers"], selected=990)).split())
    assert "…" not in said
    said = " ".join(
        text(
            scene_of(Experiment(depth=1000, width=8, batch=4, activation="tanh", init="orthogonal"), selected=0)
        ).split()
    )
    found = re.search(r"multiplied out: ((?:\S+ × )+\S+) = ", said)
    assert found is not None
    assert found[1].count(" × ") == 4
    assert " × … × " in found[1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_product_is_written_out_in_a_wide_pane_alone_whatever_the_language(lang: str) -> None:
    """30 factors were half of the pane at 80 columns; of 64 steps zh had all of them where English had none."""
    with language.speaking(lang):
        for width, wall in ((40, False), (64, False), (106, True)):
            said = " ".join("\n".join(texts(why.view(scene_of(CASES["mlp"], selected=0), width, 17))).split())
            assert (said.count(" × ") > 20) == wall
            assert (" × … × " in said) == (not wall)


def test_the_rule_says_how_deep_the_factor_may_go() -> None:
    experiment = Experiment(depth=60, activation="relu", init="he_normal", norm="batch")
    norms = [stage.gradient_norm for stage in trace_of(experiment).stages]
    factor = (norms[1] / norms[-1]) ** (1 / 59)
    layers = math.floor(math.log(1000) / math.log(factor))
    said = text(scene_of(experiment, selected=1))
    assert f"1/1,000 ≤ ratio ≤ 1,000; ×{short(factor)} a layer is healthy up to {layers} layers" in said


def test_at_the_output_there_is_nothing_behind_yet() -> None:
    assert "The way down starts here, with 0.155" in text(scene_of(CASES["mlp"], selected=30))


def test_the_activation_is_put_in_for_one_unit() -> None:
    trace = trace_of(CASES["mlp"])
    step = next(step for step in trace.steps if step.operation == "activation" and step.stage == 12)
    z, a = float(trace.values["z/12"][0, 0]), float(trace.values["h/12"][0, 0])
    assert f"unit 1, sample 1: σ({short(z)}) = {short(a)}" in text(scene_of(CASES["mlp"], step=step.index))


def test_the_sum_of_a_linear_layer_is_put_in_for_one_unit() -> None:
    trace = trace_of(CASES["one number"])
    step = next(step for step in trace.steps if step.operation == "linear" and step.stage == 3)
    w, b = float(trace.parameters["layers.3.weight"][0, 0]), float(trace.parameters["layers.3.bias"][0])
    h, z = float(trace.values["h/2"][0, 0]), float(trace.values["z/3"][0, 0])
    said = text(scene_of(CASES["one number"], step=step.index))
    assert f"{short(w)}·{short(h)} + {short(b)} = {short(z)}" in said


def test_the_memory_of_an_lstm_is_put_in_for_one_unit() -> None:
    trace = trace_of(CASES["lstm"])
    step = next(step for step in trace.steps if step.phase is Phase.FORWARD and step.stage == 40)
    gates = trace.values["gates/40"][0]
    i, f, g = (short(float(gates[64 * block])) for block in (0, 1, 2))
    before, after = (short(float(trace.values[f"c/{time}"][0, 0])) for time in (39, 40))
    said = text(scene_of(CASES["lstm"], step=step.index))
    assert f"c₄₀ = {f} × {before} + {i} × {g} = {after}" in said


@pytest.mark.parametrize("name", CASES)
def test_a_picked_stage_is_explained_by_the_step_that_brings_the_gradient_to_it(name: str) -> None:
    count = timeline_of(CASES[name]).stage_count
    for selected in {0, count // 2, count - 1}:
        step = why.shown_step(scene_of(CASES[name], selected=selected))
        assert (step.phase, step.completes) == (Phase.BACKWARD, selected)


def test_in_the_forward_pass_a_picked_stage_is_explained_by_how_it_came_about() -> None:
    step = why.shown_step(scene_of(CASES["mlp"], step=0, selected=7))
    assert (step.phase, step.stage, step.operation) == (Phase.FORWARD, 7, "activation")


@pytest.mark.parametrize("name", CASES)
def test_the_title_names_phase_and_place(name: str) -> None:
    for phase in Phase:
        for step, _ in at(name, phase):
            said = why.title(scene_of(CASES[name], step=step.index), 60)
            assert said == f"why · {step.phase} · {step.site}"


def test_the_update_shows_how_much_of_each_weight_changes() -> None:
    trace = trace_of(CASES["one layer"])
    said = text(scene_of(CASES["one layer"], step=len(trace.steps) - 1))
    for name in ("layers.1.weight", "output.weight"):
        assert name in said
    assert "η = 0.1" in said


@pytest.mark.parametrize(
    "name",
    ["mlp", "lstm", "gru", "mgu", "mingru", "lru", "rnn", "stacked", "cured", "pre-activation blocks", "overflow"],
)
def test_in_another_language_the_numbers_are_the_same(name: str) -> None:
    def said() -> list[list[str]]:
        return [sorted(numbers(text)) for phase in Phase for _, text in at(name, phase)]

    english = said()
    language.use("zh")
    try:
        assert said() == english
    finally:
        language.use("en")


# -- where the gradient is exactly 0 ---------------------------------------------------------------------------
#: Each loses its gradient to underflow, or to a weight of 0, at the stages given.
LOST = {
    "underflow": (Experiment(depth=1000, width=8), 1),
    "underflow through norms": (Experiment(init="zeros", norm="layer", depth=5), 1),
    "underflow along time": (Experiment(cell="rnn", gain=1e-30, steps=40, data="gaussian", width=4, batch=2), 2),
    "gates all but shut": (
        Experiment(cell="lstm", pin_forget=0.0, gain=1e-30, steps=40, data="gaussian", width=4, batch=2),
        2,
    ),
    "no update gate": (
        Experiment(cell="gru", pin_forget=0.0, gain=1e-30, steps=40, data="gaussian", width=4, batch=2),
        2,
    ),
    "nothing from a block": (Experiment(residual="add", init="zeros", depth=5), 1),
}
lost = pytest.mark.parametrize("name", LOST)


@lost
def test_where_nothing_arrives_one_sentence_says_so_and_there_is_no_nan(name: str) -> None:
    experiment, stage = LOST[name]
    trace = trace_of(experiment)
    assert trace.stages[stage].gradient_norm == 0
    assert trace.outcome.kind != "non_finite"
    steps = [step for step in trace.steps if step.phase is Phase.BACKWARD and step.stage == stage]
    assert steps
    for step in steps:
        said = text(scene_of(experiment, step=step.index))
        assert said.count(NOTHING) == 1
        assert "nan" not in said


@lost
def test_no_step_backward_says_nan_where_no_number_is_broken(name: str) -> None:
    experiment, _ = LOST[name]
    backward = [step for step in trace_of(experiment).steps if step.phase is Phase.BACKWARD]
    for step in backward[:: max(1, len(backward) // 60)]:
        assert "nan" not in text(scene_of(experiment, step=step.index)), step


def test_so_far_of_nothing_is_0_without_an_average() -> None:
    """0.156 × 0^8000 would mix factors that were not 0 with some that were."""
    said = text(scene_of(LOST["underflow"][0], selected=1))
    assert "so far, at layer 1: 0" in said.splitlines()
    assert "^" not in said
    assert "average" not in said


def test_the_part_that_makes_the_gradient_0_is_the_last_of_the_factor() -> None:
    """δ is not 0, W is: ×0 is a number, and nothing after it has one."""
    experiment = LOST["underflow"][0]
    trace = trace_of(experiment)
    (stage,) = (each for each in trace.stages if each.factor == 0)
    step = next(step for step in trace.steps if step.completes == stage.index and step.phase is Phase.BACKWARD)
    line = next(line for line in text(scene_of(experiment, step=step.index)).splitlines() if line.startswith("from"))
    assert line.endswith("×0")
    assert "nan" not in line


def test_a_broken_number_stays_nan() -> None:
    experiment = CASES["overflow"]
    trace = trace_of(experiment)
    assert trace.outcome.kind == "non_finite"
    assert "nan" in text(scene_of(experiment, selected=1))
