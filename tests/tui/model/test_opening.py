"""What a screen opens with, and what is said where more was asked for than there is."""

from __future__ import annotations

from gradtui.model import events as e
from gradtui.model.opening import beyond
from gradtui_engine import Experiment
from tests.tui.helpers import timeline_of


def test_a_cursor_beyond_the_last_step_stage_or_unit_is_said_with_what_there_is() -> None:
    timeline = timeline_of(Experiment(depth=3, width=4))
    most = timeline.last + 1
    assert beyond((e.Jump(step=timeline.last), e.Select(stage=3), e.SelectUnit(unit=3)), timeline, 4) == ()
    (said,) = beyond((e.Jump(step=99_999), e.Select(stage=999)), timeline, 4)
    assert said == e.Message(
        f"step 100000: there are 1 to {most}; the last one is shown; stage 999: there are 0 to 3; the last one is shown"
    )
    (said,) = beyond((e.Jump(step=timeline.last + 1),), timeline, 4)
    assert isinstance(said, e.Message)
    assert said.text.startswith(f"step {most + 1}: ")
    (said,) = beyond((e.Select(stage=4),), timeline, 4)
    assert isinstance(said, e.Message)
    assert said.text.startswith("stage 4: ")
    (said,) = beyond((e.SelectUnit(unit=998),), timeline, 4)
    assert said == e.Message("unit 999: there are 1 to 4; the last one is shown")
