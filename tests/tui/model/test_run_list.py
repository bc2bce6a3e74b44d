"""The list of a folder's runs: what keys make of it."""

from __future__ import annotations

import pytest

from gradtui.model.run_list import RunList, RunRow

NAMES = ("sweep/lr-0.1", "sweep/lr-0.01", "baseline", "Baseline-2")
RUNS = RunList("runs", tuple(RunRow(name, (f"{name}.jsonl",)) for name in NAMES))


def chosen(runs: RunList) -> list[str]:
    return [run.name for run in runs.chosen]


@pytest.mark.parametrize(("start", "by", "end"), [(0, 1, 1), (0, -1, 0), (3, 1, 3), (1, 10, 3), (2, -10, 0)])
def test_the_cursor_stays_in_the_list(start: int, by: int, end: int) -> None:
    assert RUNS.to(start).moved(by).cursor == end


def test_typing_shows_the_runs_whose_names_have_it_whatever_their_case_and_the_cursor_stays_on_its_run() -> None:
    typed = RUNS.to(3).narrowed("BASE")
    assert [run.name for run in typed.shown] == ["baseline", "Baseline-2"]
    assert chosen(typed) == ["Baseline-2"]
    assert chosen(typed.narrowed("")) == ["Baseline-2"]
    assert chosen(typed.narrowed("lr")) == ["sweep/lr-0.1"], "it is shown no more: the first one that is"
    nothing = RUNS.narrowed("nowhere")
    assert nothing.shown == nothing.chosen == ()
    assert nothing.moved(1).toggled() == nothing


def test_two_that_are_marked_are_chosen_in_the_order_in_which_they_were_marked() -> None:
    one = RUNS.to(2).toggled()
    assert chosen(one.to(0)) == ["sweep/lr-0.1"], "one alone is no pair: the one under the cursor"
    both = one.to(0).toggled()
    assert chosen(both.to(3)) == ["baseline", "sweep/lr-0.1"]
    assert chosen(both.narrowed("Baseline-2")) == ["baseline", "sweep/lr-0.1"], "shown or not"
    third = both.to(1).toggled()
    assert chosen(third) == ["sweep/lr-0.1", "sweep/lr-0.01"], "the two that were marked last"
    assert third.toggled().marked == ("sweep/lr-0.1",)


def test_what_becomes_known_of_a_run_takes_its_place() -> None:
    known = RUNS.to(2).known(RunRow("baseline", ("baseline.jsonl",), steps=7, verdict="healthy"))
    assert [run.steps for run in known.runs] == [None, None, 7, None]
    assert known.cursor == 2
