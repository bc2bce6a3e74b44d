"""What the zygote has loaded and computed before it forks: modules, catalogues, and the experiment that all land on."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

#: Seconds that the rehearsal waits for its numbers; sessions wait for as long as they live.
_PATIENCE = 20.0
#: The rehearsal's window, columns × rows, and its terminal: English, UTF-8, all colours.
_SIZE = (120, 36)
_ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class ShowsNothing(Exception):
    """Why these arguments show nothing."""


def warm_up(arguments: list[str], lecture: bool) -> dict[Any, Any]:
    """Import all that a session may need, and run the program once without a terminal; what it has computed, by need.

    Visitors land on the same experiment: it is on their screen sooner, and computing it again would take 7 MB of each
    one's own memory. Of the story the training is among it, which would take each of them 3 s of a core and 31 MB.
    Raises ShowsNothing.
    """
    import ctypes  # noqa: F401  for die_with_parent in the fork
    import traceback  # noqa: F401

    from ...text import language

    for code in language.LANGUAGES:
        if code != language.ENGLISH:  # which needs no catalogue
            language.catalogue(code)
    computed = asyncio.run(_rehearse(arguments, lecture))
    # A fork keeps none of the threads.
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(5)
    return computed


async def _rehearse(arguments: list[str], lecture: bool) -> dict[Any, Any]:
    from ...model.events import Train
    from ...model.needs import Failed, Simulation
    from ...model.permissions import FOLLOWER, VISITOR
    from ...model.trainings import HistoryOf
    from ..kiosk.kiosk import kiosk_app

    app = kiosk_app(arguments, _ENVIRONMENT, permissions=FOLLOWER if lecture else VISITOR)
    need = Simulation(app.state.experiment)
    result = await asyncio.to_thread(need.compute, lambda share: None)
    if isinstance(result, Failed):
        raise ShowsNothing(result.problem)
    async with app.run_test(size=_SIZE) as pilot:
        end = time.monotonic() + _PATIENCE
        # Of the story both networks.
        while not (app.record is not None and app.jobs.idle) and time.monotonic() < end:
            await pilot.pause(0.01)
        if app.state.view == "story":
            app.send(Train())
            while not app.state.finished and time.monotonic() < end:
                await pilot.pause(0.01)
        await pilot.press("space")
        await pilot.pause(0.2)
    app.jobs.close()
    # What has not come to its end has threads of its own, which a fork has not.
    histories = {
        key: value for key, value in app.trainings.results.items() if isinstance(key, HistoryOf) and value.done
    }
    return {**app.jobs.results, **histories}
