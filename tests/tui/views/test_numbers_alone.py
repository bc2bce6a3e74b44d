"""A record that has numbers alone, written by hand, with no run behind it: every view shows what it can of it."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

import pytest
from rich.cells import cell_len

from gradtui.cli.headless import table
from gradtui.model.names import QUANTITIES, VIEWS
from gradtui.model.needs import Computed, Recording
from gradtui.model.panes_of import cell_of, panes_of
from gradtui.model.state import State
from gradtui.model.timeline import Timeline, label
from gradtui.text import language
from gradtui.views import catalogue, status
from gradtui.views.arrangement import arrange, header_lines
from gradtui.views.catalogue import PANES
from gradtui.views.frame.lacking import lacking
from gradtui.views.frame.pane import NUMBERS
from gradtui.views.frame.scene import Scene
from gradtui.views.plain_text import plain_lines
from gradtui_engine import Experiment, Outcome, Phase, Site, StageNumbers, Step
from gradtui_engine.analysis.decay import Decay, decay_of
from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.analysis.record import Arrays, Listed, ParameterNumbers, Record, Source
from gradtui_engine.theory.prediction import Theory
from tests.tui.helpers import EXPLORE, assert_page, texts

SIZES = ((80, 24), (120, 36))
AXES = ("layer", "time", "module")
#: What the gradient's norm is multiplied by at each stage of the two records.
VANISHING, HEALTHY = 0.25, 0.95


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers:
    """Tier 1, and nothing else."""

    source: Source
    axis: str
    stages: Sequence[StageNumbers]
    steps: Sequence[Step]
    decay: Decay
    outcome: Outcome
    loss: float | None = 2.5
    theory: Theory | None = None
    parameter_numbers: Mapping[str, ParameterNumbers] = dataclasses.field(default_factory=dict)

    @property
    def arrays(self) -> Arrays | None:
        return None

    @property
    def listed(self) -> Listed | None:
        return None


def steps(axis: str, count: int) -> Iterator[Step]:
    """Stage by stage: forward, the loss, backward down to the first stage."""

    def site(stage: int) -> Site:
        return Site("state", time=stage) if axis == "time" else Site("state", layer=stage)

    numbers = itertools.count()
    for stage in range(1, count):
        yield Step(next(numbers), Phase.FORWARD, site(stage), "state", stage, None, None, reaches=stage)
    yield Step(next(numbers), Phase.LOSS, Site("loss"), "loss", None, None, None)
    for stage in range(count - 1, -1, -1):
        yield Step(next(numbers), Phase.BACKWARD, site(stage), "state", stage, stage, None)


def record_of(
    axis: str, factor: float, recording: str = "run.json", experiment: Experiment | None = None, count: int = 13
) -> Record:
    """A chain of one factor, with nothing but the gradient's numbers."""
    norms = [factor ** (count - 1 - stage) for stage in range(count)]
    stages = tuple(
        StageNumbers(stage, f"encoder.{stage}", norm, factor=factor if stage < count - 1 else None)
        for stage, norm in enumerate(norms)
    )
    first = 1 if axis == "layer" else 0
    kind = "vanishing" if norms[first] < 1e-3 else "healthy"
    severity = "critical" if kind == "vanishing" else "ok"
    signal = Answer("signal", kind, severity, "stage 7", 7, "by hand", "by hand", norms[first])
    outcome = Outcome(signal, norms[first], factor)
    source = Source(experiment, recording=recording, words="recorded by hand")
    return Numbers(source, axis, stages, tuple(steps(axis, count)), decay_of(norms, norms, axis), outcome)


def scene(record: Record, other: Record | None = None, **fields: object) -> Scene:
    """The record on the screen, and another one as B."""
    timeline = Timeline.of(record)
    records = [record] if other is None else [record, other]
    sources = tuple(each.source for each in records)
    known = record.source.experiment
    state = State(
        known or Experiment(),
        recordings=sources,
        cell=known.cell if known is not None else cell_of(record.axis),
        step=timeline.arrived,
        loaded=True,
        **fields,  # type: ignore[arg-type]
    )
    if "pane" not in fields:
        state = dataclasses.replace(state, pane=panes_of(state)[0])
    results = {Recording(each.source): Computed(each, Timeline.of(each)) for each in records}
    return Scene(record, timeline, state, results)


def shown(one: Scene, pane: str, width: int = 78, height: int = 18) -> str:
    return "\n".join(text.rstrip() for text in texts(PANES[pane].view(one, width, height)))


# -- the two views that numbers are enough for -----------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES)
def test_explore_shows_every_stages_gradient_with_its_number(axis: str) -> None:
    bars = shown(scene(record_of(axis, VANISHING), rows=True), "gradient", height=16)
    assert "1.00" in bars
    assert f"{VANISHING:.3f}" in bars
    assert "×0.250" in bars
    assert "█" in bars


@pytest.mark.parametrize("axis", AXES)
def test_compare_shows_two_records_on_one_scale_and_by_how_much_they_differ(axis: str) -> None:
    both = scene(record_of(axis, VANISHING, "a.json"), record_of(axis, HEALTHY, "b.json"), view="compare")
    assert both.other is not None
    a, b = (PANES[pane].title(both, 70) for pane in ("side_a", "side_b"))
    assert a.startswith("A · a.json · recorded by hand")
    assert b.startswith("B · b.json · recorded by hand")
    assert a.rpartition(" · ")[2] == b.rpartition(" · ")[2]
    # Where there is little room the file's name stays.
    assert [PANES[f"side_{each}"].title(both, 30).split(" · ")[1] for each in "ab"] == ["a.json", "b.json"]
    difference = shown(both, "difference")
    times = (HEALTHY / VANISHING) ** (12 if axis != "layer" else 11)
    (said,) = re.findall(r"B gets (\S+) times as much gradient as A", difference)
    assert float(said.replace(",", "")) == pytest.approx(times, rel=0.05)
    assert "A signal" not in difference, "A's verdict is the header's"
    assert "B signal ● healthy" in difference
    assert shown(both, "both").count("█") > 0


def test_the_cures_of_two_recordings_are_nobodys_and_neither_is_called_a_cure() -> None:
    experiment = Experiment(depth=12)
    a, b = (record_of("layer", factor, name, experiment) for factor, name in ((VANISHING, "a"), (HEALTHY, "b")))
    difference = shown(scene(a, b, view="compare"), "difference")
    assert "cures o" not in difference
    assert "cure" not in difference


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_bars_show_the_quantities_that_a_record_has_and_say_of_the_others_that_it_has_none(quantity: str) -> None:
    bars = shown(scene(record_of("layer", VANISHING), quantity=quantity), "gradient")
    lacking = "Only 16-bit types round gradients to 0" if quantity == "zeros" else "this recording does not have it"
    assert (lacking in bars) is (quantity not in ("gradient", "factor"))


def test_a_record_of_modules_says_module_where_others_say_layer_or_step() -> None:
    """The first module learns, too: what arrives at the far end is said of it, by its own name."""
    one = scene(record_of("module", VANISHING), rows=True)
    header = texts(status.header(one, 150))[1]
    assert "×0.250 a module" in header
    assert "encoder.0 gets 6.0e-8 of the gradient at the output" in header
    assert "reaches each module" in PANES["gradient"].title(one, 100)
    assert "of every module" in PANES["depth"].title(scene(record_of("module", VANISHING), view="theory"), 100)
    depth = shown(scene(record_of("module", VANISHING), view="theory"), "depth", 100, 30)
    words = [
        header,
        shown(one, "gradient", 100),
        depth,
        # Not the first line, which says what the pane is of any record.
        *plain_lines(one, "gradient")[1:],
        *table(one.record, 120),
    ]
    for word in ("layer", "step", "t =", "the input", "the initial state"):
        assert not [line for line in words if word in line.replace("first step", "")], word


# -- what is lacking ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tongue", language.LANGUAGES)
@pytest.mark.parametrize("axis", [*AXES, "lstm"])
def test_a_pane_that_wants_more_says_what_is_lacking_in_its_frame_on_the_screen_and_as_plain_text(
    axis: str, tongue: str
) -> None:
    before = language.current()
    language.use(tongue)
    try:
        record = (
            record_of("time", VANISHING, experiment=Experiment(cell="lstm"))
            if axis == "lstm"
            else record_of(axis, VANISHING)
        )
        for view in VIEWS:
            one = scene(record, view=view)
            for pane in panes_of(one.state):
                row = PANES[pane]
                words = lacking(one, row)
                wants = row.tier > NUMBERS or (row.of_experiment and one.experiment is None)
                assert bool(words) is wants, pane
                for width, height in ((58, 8), (78, 18), (30, 12)):
                    assert_page(row.view(one, width, height), width, height, pane)
                    assert 0 < cell_len(row.title(one, width)) <= width
                if words:
                    drawn = "".join(texts(row.view(one, 2000, 3))).strip()
                    assert drawn == words
                    assert plain_lines(one, pane)[-1].startswith(words.split(":")[0].split("：")[0].strip("`"))
    finally:
        language.use(before)


def test_what_would_give_it_is_named_and_a_key_where_the_experiment_is_known() -> None:
    nameless = scene(record_of("time", VANISHING))
    assert "Not in this recording: the arrays of the stages." in shown(nameless, "activation")
    assert "Not in this recording: what each operation read and wrote." in shown(nameless, "why")
    known = scene(record_of("time", VANISHING, experiment=Experiment(cell="lstm")))
    assert "`gradtui run --save FILE.npz` keeps everything; r runs the experiment again." in shown(known, "cell", 200)
    assert "does not say which experiment it was" in shown(scene(record_of("layer", VANISHING), view="theory"), "plane")


# -- whole screens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("axis", AXES)
def test_header_timeline_footer_and_every_pane_stand_as_with_any_record(axis: str, width: int, height: int) -> None:
    record, other = record_of(axis, VANISHING), record_of(axis, HEALTHY, "b.json")
    for view in VIEWS:
        one = scene(record, other if view == "compare" else None, view=view)
        assert_page(status.header(one, width), width, header_lines(one.state, width), view)
        if catalogue.VIEWS[view].header is not None:
            continue
        # The maths page is about no network.
        assert "run.json · recorded by hand" in texts(status.header(one, width))[0] or view == "maths"
        assert "▼ vanishing" in texts(status.header(one, width))[1]
        for step in range(len(record.steps)):
            moved = dataclasses.replace(one, state=dataclasses.replace(one.state, step=step))
            assert_page([status.timeline(moved, width)], width, 1, view)
            for pane, box in arrange(moved.state, width, height).items():
                assert_page(PANES[pane].view(moved, box.width - 2, box.height - 2), box.width - 2, box.height - 2, pane)
        assert "help" in texts([status.footer(one.state, width)])[0]


@pytest.mark.parametrize("axis", AXES)
def test_plain_text_says_every_number_of_the_stages(axis: str) -> None:
    one = scene(record_of(axis, VANISHING))
    lines = plain_lines(one, "gradient")
    assert lines[1].startswith("Verdict: Does the gradient arrive? vanishing, critical; by hand. ")
    assert "Does the first step do good? not asked" in lines[1]
    place = {"layer": "layer 11", "time": "t = 11", "module": "encoder.11"}[axis]
    assert any(line.startswith(f"{place}: gradient 0.250, factor 0.250") for line in lines), lines


def test_a_record_without_a_loss_has_none_in_the_header() -> None:
    record = record_of("layer", HEALTHY)
    assert isinstance(record, Numbers)
    without = dataclasses.replace(record, loss=None)
    assert "loss" not in texts(status.header(scene(without), 80))[0]
    assert "loss 2.5" in texts(status.header(scene(record), 80))[0]


def test_the_stand_in_of_every_axis_has_panes() -> None:
    assert {axis: cell_of(axis) for axis in AXES} == {"layer": "mlp", "time": "rnn", "module": "mlp"}
    assert cell_of("block") == "transformer"
    assert {cell_of(axis) for axis in AXES} <= EXPLORE.keys()


@pytest.mark.parametrize("axis", ["module", "time"])
def test_of_a_recorded_training_mirror_is_what_would_give_it_and_nothing_is_said_of_running_it_again(axis: str) -> None:
    source = Source(recording="/runs/my run.jsonl", words="Net", recorded=True, files=("/runs/my run.jsonl",))
    record = dataclasses.replace(record_of(axis, VANISHING), source=source)  # type: ignore[type-var]
    lacked = 0
    for view in VIEWS:
        one = scene(record, view=view)
        for pane in panes_of(one.state):
            words = lacking(one, PANES[pane])
            if not words:
                continue
            lacked += 1
            assert "`gradtui mirror 'my run.jsonl'` builds the closest experiment" in words, pane
            assert "run --save" not in words
            assert "which experiment it was" not in words
            assert_page(PANES[pane].view(one, 58, 8), 58, 8, pane)
    assert lacked, "the views of experiments say so"


def test_a_modules_long_name_stands_in_a_steps_label_from_its_end() -> None:
    step = Step(0, Phase.FORWARD, Site("model.decoder.layers.11.mlp.fc2"), "state", 1, None, None, reaches=1)
    assert label(step) == "forward · …decoder.layers.11.mlp.fc2"
