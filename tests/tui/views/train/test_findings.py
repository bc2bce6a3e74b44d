"""The findings of a recorded training beside Train: a sentence, the list, and the one that is open."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from rich.cells import cell_len

from gradtui.model import events as e
from gradtui.model.diagnoses import Diagnosed, DiagnosisOf, places_of, stage_of
from gradtui.model.panes_of import cell_of, panes_of
from gradtui.model.state import Place, State, Steps
from gradtui.model.timeline import Timeline
from gradtui.model.update import update
from gradtui.text import glyphs, language
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.plain_text import plain_lines
from gradtui.views.train import findings
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.findings.finding import FINDING_SEVERITIES, Diagnosis, Finding
from tests.recordings import mlp_lines, recorded
from tests.tui.helpers import assert_page, texts
from tests.tui.views.test_numbers_alone import record_of

ERROR, WARNING, NOTE = FINDING_SEVERITIES
RUN = Source(recording="gradtui-run.jsonl", words="Net", recorded=True, files=("gradtui-run.jsonl",))
#: Which steps of the training its iterations are.
STEPS = (0, 1, 2, 4, 8, 16, 32)


def finding(kind: str, layer: str | None = None, step: int | None = None, severity: str = ERROR) -> Finding:
    return Finding(
        kind, layer, step, severity,
        f"what {kind} means here", {"share": 0.97, "events": 5, "modules": ["a", "b"]}, f"why {kind}",
        "for group in optimizer.param_groups:\n    group['lr'] *= 0.1",
        "gradtui --depth 3 --activation sigmoid --sigma-w 0.707",
        "02-vanishing-with-sigmoid",
    )  # fmt: skip


FAULTS = (
    finding("vanishing", "encoder.2", 4),
    finding("dead", "encoder.layers.11.mlp.a_very_long_name.fc2", 16, WARNING),
    finding("frozen", None, None, NOTE),
)


def scene(*found: Finding, chosen: int | None = None, pane: str = "findings") -> Scene:
    """A recorded training on the screen of Train, and what has been found in it."""
    record = dataclasses.replace(record_of("module", 0.5), source=RUN)  # type: ignore[type-var]
    timeline = Timeline.of(record)
    places = tuple(Place(one.kind, one.step, number) for number, one in enumerate(found))
    state = State(
        Experiment(), recordings=(RUN,), cell=cell_of("module"), view="train", step=timeline.arrived, loaded=True,
        trained=len(STEPS), steps=Steps(STEPS), diagnosed=7, finished=True, findings=places, finding=chosen, pane=pane,
    )  # fmt: skip
    made = Diagnosed(
        Diagnosis(found, {"underflow": "no half precision", "update_lost": "no half precision"}), places, 7
    )
    return Scene(record, timeline, state, {DiagnosisOf(RUN, 7): made})


def drawn(one: Scene, width: int = 42, height: int = 32) -> str:
    return "\n".join(text.rstrip() for text in texts(findings.view(one, width, height)))


# -- what it says ------------------------------------------------------------------------------------------------


def test_the_verdict_is_a_sentence_that_names_the_first_fault_and_how_many_more_there_are() -> None:
    first, both = (drawn(scene(*faults), 100, 40) for faults in (FAULTS[:1], FAULTS))
    assert first.startswith("fault: vanishing at encoder.2 since step 4\n")
    assert both.startswith("fault: vanishing at encoder.2 since step 4; and 1 more\n")
    healthy, noted = drawn(scene(), 100, 40), drawn(scene(FAULTS[2]), 100, 40)
    assert healthy.startswith("healthy: ")
    assert noted.startswith("healthy: ")
    growing = scene(*FAULTS)
    growing = dataclasses.replace(growing, state=dataclasses.replace(growing.state, finished=False))
    assert drawn(growing, 100, 40).startswith("so far fault: vanishing")
    assert "underflow, update lost: no half precision" in healthy, "a rule that could not be asked says why"


def test_before_the_first_diagnosis_it_says_that_one_is_made() -> None:
    one = scene()
    waiting = dataclasses.replace(one, results={})
    assert drawn(waiting).strip() == "looking for what is wrong …"


def test_each_finding_has_a_row_with_a_glyph_for_its_severity_its_kind_module_and_step() -> None:
    rows = drawn(scene(*FAULTS), 60, 40).splitlines()
    listed = [row for row in rows if "step 4" in row or "step 16" in row or "frozen" in row][1:4]
    assert [row.split()[:2] for row in listed] == [["▸", "✗"], ["!", "dead"], ["·", "frozen"]]
    assert listed[0].endswith("step 4")
    assert "…" in listed[1], "a long name is cut from the left"
    assert listed[1].split()[-3:] == ["…layers.11.mlp.a_very_long_name.fc2", "step", "16"]


def test_the_open_one_has_evidence_cause_code_experiment_and_lesson_with_their_keys() -> None:
    text = drawn(scene(*FAULTS, chosen=1), 60, 40)
    for part in (
        "what dead means here",
        "Measured: share of all numbers: 97 % · events: 5 · modules:\na, b",
        "Likely cause: why dead",
        "for group in optimizer.param_groups:\n    group['lr'] *= 0.1",
        "The same in an experiment, ! opens it:\ngradtui --depth 3 --activation sigmoid --sigma-w 0.707",
        "The lesson about it, # opens it: 02-vanishing-with-sigmoid",
    ):
        assert part in text, text


def test_a_line_of_a_program_that_is_too_long_is_broken_where_one_would_break_it_and_keeps_its_indentation() -> None:
    text = "for m in model.modules():\n    torch.nn.init.xavier_normal_(module.weight, gain=2)"
    assert [line.rstrip() for line in texts(findings.code(text, 30))] == [
        "for m in model.modules():",
        "    torch.nn.init.",
        "      xavier_normal_(module.",
        "      weight, gain=2)",
    ]
    assert texts(findings.code(text, 80)) == text.splitlines()
    assert texts(findings.code("optimizer.param_groups[0]['lr'] = 0.125", 36)) == [
        "optimizer.param_groups[0]['lr'] =", "  0.125",
    ]  # fmt: skip


def test_of_many_names_a_few_are_told_and_how_many_more_there_are() -> None:
    one = dataclasses.replace(FAULTS[0], evidence={"layers": [f"layers.{number}" for number in range(11)]})
    assert findings.evidence(one).startswith("layers: layers.0, layers.1, ")
    assert findings.evidence(one).endswith(" more")


def test_where_there_is_no_room_the_last_line_says_how_to_see_all() -> None:
    small = drawn(scene(*FAULTS), 78, 9)
    assert "z shows all" in small
    alone = scene(*FAULTS)
    alone = dataclasses.replace(alone, state=dataclasses.replace(alone.state, zoomed=True))
    assert "p shows all" in drawn(alone, 78, 9), "alone it cannot become larger: as plain text it is whole"
    assert "▸ ✗ vanishing" in small
    assert "likely cause" not in small.lower() or "why vanishing" in small


@pytest.mark.parametrize("tongue", language.LANGUAGES)
@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
def test_at_every_size_lines_are_as_wide_as_the_pane_and_no_number_is_cut(tongue: str, glyph_set: str) -> None:
    before, drawn_in = language.current(), glyphs.current()
    language.use(tongue)
    glyphs.use(glyph_set)
    try:
        many = tuple(finding("dead", f"model.layers.{number}.mlp", number) for number in range(40))
        for found, (width, height), chosen in itertools.product(
            ((), FAULTS, many), ((38, 12), (42, 32), (58, 8), (78, 9), (78, 18), (130, 14), (64, 44)), (None, 1, 39)
        ):
            one = scene(*found, chosen=chosen)
            lines = findings.view(one, width, height)
            assert_page(lines, width, height, f"{len(found)} findings, {width}×{height}")
            assert cell_len(glyphs.render(findings.title(one, width))) <= width
    finally:
        language.use(before)
        glyphs.use(drawn_in)


def test_as_plain_text_every_finding_is_said_whole() -> None:
    lines = plain_lines(scene(*FAULTS), "findings")
    assert lines[0] == "Findings pane: what is wrong with this training, since when, and what to change."
    said = "\n".join(lines)
    for one in FAULTS:
        assert one.message in said
        assert one.cause in said
    assert "1, error: vanishing at encoder.2 since step 4." in said
    assert "Not asked: underflow, update lost: no half precision" in said


# -- choosing ------------------------------------------------------------------------------------------------------


def test_up_and_down_in_the_pane_choose_a_finding_and_the_cursor_and_the_stage_go_along() -> None:
    one = scene(*FAULTS)
    state = one.state
    for event, number, iteration, selected in (
        (e.Arrow(y=1), 0, 3, 0),
        (e.Arrow(y=1), 1, 5, 1),
        (e.Arrow(y=1), 2, 5, 2),  # it has no step: the cursor stays
        (e.Arrow(y=1), 2, 5, 2),
        (e.Arrow(y=-1), 1, 5, 1),
        (e.ChooseFinding(0), 0, 3, 0),
    ):
        state = update(state, event, one.timeline)
        assert (state.finding, state.iteration, state.selected) == (number, iteration, selected)
    elsewhere = update(dataclasses.replace(state, pane="map_a"), e.Arrow(y=-1), one.timeline)
    assert elsewhere.finding == 0
    assert elsewhere.selected == 1, "elsewhere up is the stage above"


def test_a_click_on_a_row_chooses_it_and_one_beside_the_list_nothing() -> None:
    for width, height in ((42, 32), (78, 9), (78, 18)):
        one = scene(*FAULTS, chosen=1)
        lines = texts(findings.view(one, width, height))
        rows = [y for y, line in enumerate(lines) if line.startswith("▸")]
        assert [findings.click(one, width, height, 5, y) for y in rows] == [[e.ChooseFinding(1)]]
        assert findings.click(one, width, height, 5, height - 1) in ([], [e.ChooseFinding(2)])
    wide = texts(findings.view(one, 78, 9))
    assert findings.click(one, 78, 9, 70, next(y for y, line in enumerate(wide) if line.startswith("▸"))) == []


def test_a_chosen_finding_stays_chosen_where_others_come_before_it() -> None:
    one = scene(*FAULTS)
    chosen = update(one.state, e.ChooseFinding(0), one.timeline)
    more = (Place("non_finite", 32), *chosen.findings)
    after = update(chosen, e.Found(more), one.timeline)
    assert after.finding == 1
    assert after.iteration == chosen.iteration
    assert update(after, e.Found(more[:1]), one.timeline).finding is None, "it is gone"


def test_a_finding_is_the_same_one_where_another_layer_has_become_the_worst() -> None:
    """While the training goes on: it is said once, and stays chosen."""
    recording = recorded(mlp_lines())
    before, after = (places_of(Diagnosis((finding("dead", f"layers.{k}", 2),)), recording) for k in (0, 1))
    assert before != after
    assert [place.name for place in before] == [place.name for place in after]


def test_a_finding_of_the_command_line_is_gone_to_unless_an_iteration_was_given_too() -> None:
    one = scene(*FAULTS)
    fresh = dataclasses.replace(one.state, findings=(), finding=1)
    assert update(fresh, e.Found(one.state.findings), one.timeline).iteration == 5
    placed = dataclasses.replace(fresh, follows=False, iteration=2)
    assert update(placed, e.Found(one.state.findings), one.timeline).iteration == 2
    beyond = update(dataclasses.replace(fresh, finding=7), e.Found(one.state.findings), one.timeline)
    assert beyond.finding == 2
    assert beyond.message == "finding 8: there are 1 to 3; the last one is shown"


def test_a_finding_over_time_is_looked_at_over_the_time_of_its_module_and_the_next_one_over_modules_again() -> None:
    one = scene(*FAULTS)
    places = (Place("vanishing_time", 4, along="lstm"), Place("dead", 8, 5))
    state = dataclasses.replace(one.state, findings=places)
    over_time = update(state, e.ChooseFinding(0), one.timeline)
    assert (over_time.along, over_time.loaded, over_time.iteration) == ("lstm", False, 3)
    modules = update(over_time, e.ChooseFinding(1), one.timeline)
    assert (modules.along, modules.loaded, modules.selected) == ("", False, 5)
    there = update(modules, e.Loaded(one.state.experiment, "mlp"), one.timeline)
    assert (there.loaded, there.selected) == (True, 5)


MODULES = ("", "encoder", "encoder.0", "encoder.1", "encoder.2", "act", "head")


@pytest.mark.parametrize(
    ("layer", "stage"),
    [
        ("encoder.2", 1),
        ("act", 1),  # what has no weights belongs to what stands before it
        ("encoder.1", 0),
        ("encoder.2.weight", 1),  # a parameter's name
        ("encoder", 1),  # a block's last stage
        ("head", 2),
        ("nowhere", None),
    ],
)
def test_a_finding_about_a_module_leads_to_the_stage_that_shows_it(layer: str, stage: int | None) -> None:
    modules = {name: number for number, name in enumerate(MODULES)}
    assert stage_of(layer, modules, ("encoder.0", "encoder.2", "head")) == stage


# -- where it stands -------------------------------------------------------------------------------------------------


def test_it_stands_beside_train_of_a_recorded_training_and_of_no_other() -> None:
    one = scene(*FAULTS, pane="loss")
    assert "findings" in panes_of(one.state)
    assert "findings" not in panes_of(State(Experiment(), view="train"))
    assert "findings" in arrange(one.state, 120, 36)
    assert "findings" not in arrange(one.state, 80, 24)
    assert "findings" in arrange(dataclasses.replace(one.state, pane="findings"), 80, 24)
    assert "findings" in PANES


def test_of_two_recordings_the_title_says_whose_findings_they_are() -> None:
    one = scene(*FAULTS)
    other = dataclasses.replace(RUN, recording="b.jsonl", files=("b.jsonl",))
    both = dataclasses.replace(one, state=dataclasses.replace(one.state, recordings=(RUN, other)))
    assert "what is wrong · 1 of 3" in findings.title(one, 60)
    assert "what is wrong with A · 1 of 3" in findings.title(both, 60)
