"""What the palette offers: every command, field, preset, theme and lesson."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from gradtui_engine.experiment.experiment import options

from ..lessons import library
from ..lessons.library import Entry as Shelved
from ..model.commands import offered
from ..model.presets import PRESETS
from ..text.describe import label
from ..text.language import current, tr
from . import learning
from .actions import wear
from .editing import edit, open_preset
from .host import Host
from .palette import THEMES

#: What the palette offers: title, help, what it does.
Entry = tuple[str, str, Callable[[], Any]]


@cache
def shelf(names: tuple[str, ...], language: str) -> tuple[Shelved, ...]:
    """The lessons of these names. Read once, when the palette first opens: each key that is typed there asks."""
    return tuple(entry for entry in library.entries(language) if entry.id in names)


def palette_entries(app: Host) -> Iterator[Entry]:
    """Every command, every field of the experiment, every preset, theme and lesson."""
    for command in offered(app.permissions):
        yield tr(command.label), tr(command.help), partial(app.action_command, command.id)
    for name, option in options().items():
        yield tr("set {field}", field=label(name)), tr(option.help), partial(edit, app, name)
    for preset in PRESETS.values():
        yield tr("preset {name}", name=preset.name), tr(preset.point), partial(open_preset, app, preset.name)
    for theme in sorted(app.available_themes):
        ours = THEMES.get(theme)
        about = tr(ours.help) if ours is not None else tr("one of Textual's themes")
        yield tr("theme {name}", name=theme), about, partial(wear, app, theme)
    for lesson in shelf(app.state.lessons, current()):
        about = f"{lesson.id} · {lesson.summary}"
        yield tr("lesson · {title}", title=lesson.title), about, partial(learning.open_lesson, app, lesson.id)
