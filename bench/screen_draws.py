"""The longest draw of each view, of wide and deep networks: what the event loop cannot answer a key for."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gradtui.model.events import Event, Move, NextQuantity, Select, SelectItem, SelectUnit
from gradtui.model.needs import Computed, Simulation
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.screen.terminal import cycles
from gradtui.views import catalogue, status
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment

NETWORKS = {
    "mlp, 1024 wide": Experiment(width=1024, batch=128, depth=20),
    "lstm, 512 wide": Experiment(cell="lstm", width=512),
    "mlp, 300 deep": Experiment(depth=300),
    "mlp, 3000 deep": Experiment(depth=3000, width=64),
}
VIEWS = ("explore", "idea", "compare", "lab", "maths", "theory")
SIZES = ((120, 40), (200, 50))
#: Experiment B of Compare.
CHANGES = (("seed", 1),)
#: The most that a draw may take, in milliseconds.
GOAL = 50.0


def main() -> None:
    """Print a line for each network, view and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NETWORKS, help="only this network")
    only = parser.parse_args().only
    # As in the program: loaded before it is needed, and looking for dead objects when nobody waits.
    cycles.seldom()
    missed = 0
    for name, experiment in NETWORKS.items():
        if only in (None, name):
            for view in VIEWS:
                for size in SIZES:
                    longest = draws(experiment, view, *size)
                    missed += max(took for took, _ in longest) > GOAL
                    told = "   ".join(f"{what} {took:5.1f} ms" for took, what in longest)
                    print(f"  {name:<16}{view:<9}{size[0]}×{size[1]:<5}{told}", flush=True)
    print(f"\n≤ {GOAL:g} ms: {'all met' if not missed else f'{missed} missed'}")


def draws(experiment: Experiment, view: str, width: int, height: int) -> list[tuple[float, str]]:
    """Milliseconds of the first draw, of the longest that followed it, and after which event that was."""
    changes = CHANGES if view == "compare" else ()
    results: dict[Any, Any] = {}
    state = State(experiment, changes, cell=experiment.cell, view=view, loaded=True)
    for need in catalogue.needs(state):
        results[need] = need.compute(lambda share: None)
    a = results[Simulation(experiment)]
    assert isinstance(a, Computed)
    state = replace(state, step=a.timeline.loss)
    took = [(_draw(Scene(a.record, a.timeline, state, results), width, height), "first")]
    for event in _events(view):
        state = update(state, event, a.timeline)
        took.append((_draw(Scene(a.record, a.timeline, state, results), width, height), type(event).__name__))
    return [took[0], max(took[1:])]


def _events(view: str) -> Iterator[Event]:
    """What a person does in a view: steps on, looks at other stages, units, rows and quantities."""
    for _ in range(6):
        yield from (Move(7), Select(-2), Select(1), SelectUnit(3))
        yield NextQuantity(1)
    if view == "lab":
        yield from (SelectItem(index) for index in range(4))


def _draw(scene: Scene, width: int, height: int) -> float:
    """All lines of a frame: milliseconds of this thread's CPU, so that a neighbour's load is not counted."""
    start = time.thread_time()
    status.header(scene, width)
    status.timeline(scene, width)
    for name, box in arrange(scene.state, width, height).items():
        pane = PANES[name]
        pane.title(scene, box.width - 6)
        pane.view(scene, box.width - 2, box.height - 2)
    return (time.thread_time() - start) * 1e3


if __name__ == "__main__":
    main()
