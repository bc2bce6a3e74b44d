"""Everything of a trace that is worked out when it is first asked for, worked out now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.progress import Watch, part, throttled, told

if TYPE_CHECKING:
    from ..run.trace import Trace
    from .stages import Stage


def prepare(trace: Trace, watch: Watch | None = None) -> Trace:
    """The same trace, after which its stages, outcome, profile, theory, steps and update are read at once.

    For a screen, where nobody should wait after the run: at depth 10,000 the numbers of all stages take 0.5 s, the
    outcome and the list of steps 0.2 s each. watch is told the share that is done; a trace whose preparation was
    stopped works out the rest when it is asked for, as ever.
    """
    watch = throttled(watch)
    work: list[Callable[[], object]] = [
        lambda: trace.stages,
        lambda: trace.profile,
        lambda: trace.theory,
        lambda: trace.steps,
        lambda: trace.updates,
    ]
    for each in told(work, len(work), part(watch, 0.0, _WHOLE)):
        each()
    for stage in told(trace.stages, len(trace.stages), part(watch, _WHOLE, _STAGES)):
        _prepare_stage(stage)
    # Last: it reads the stages' activations.
    _ = trace.outcome
    if watch is not None:
        watch(1.0)
    return trace


#: Where, in the whole, the work on the trace as a whole ends and that on its stages: by the seconds at depth 10,000.
_WHOLE, _STAGES = 0.4, 0.9


def _prepare_stage(stage: Stage) -> None:
    _ = stage.activation, stage.parameter_gradient_norm, stage.update_ratio
