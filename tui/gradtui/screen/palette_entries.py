"""What the palette offers: every command, field, value, preset, theme, lesson, pane, quantity, function.

Each is a thing with a name, so that it is found by what it is called: "leaky" is an activation, "sinh" a page of Maths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from gradtui_engine.cells.residual_blocks import BLOCKS, RESIDUALS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.message import English
from gradtui_engine.core.names import NO_ALIASES
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.training import options as training_options
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.rules.schedules import SCHEDULES

from ..lessons import library
from ..lessons.library import Entry as Shelved
from ..model import events as e
from ..model.keys import offered
from ..model.names import FUNCTIONS, VIEWS
from ..model.pairs import PAIRS
from ..model.panes_of import panes_of
from ..model.presets import PRESETS
from ..text.describe import about, field_name, label
from ..text.language import current, tr
from ..views.catalogue import PANES
from ..views.catalogue import VIEWS as ROWS
from ..views.frame.quantities import QUANTITIES
from . import learning, planning
from .actions import wear
from .dialogs.helping import meaning
from .editing import acts, edit, give, open_preset
from .host import Host
from .palette import THEMES
from .ranking import Thing


@dataclass(frozen=True)
class Entry:
    """A thing, and what choosing it does. listed: it stands in the list before anything is typed."""

    thing: Thing
    act: Callable[[], Any]
    listed: bool = True

    @property
    def title(self) -> str:
        return self.thing.title

    @property
    def help(self) -> str:
        return self.thing.told


#: Among things that fit as well, which comes first: 0 does, 1 comes last.
_THING, _FUNCTION, _FIELD, _WAY, _COMMAND, _PRESET, _LESSON, _QUANTITY, _PANE, _THEME = (
    0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0,
)  # fmt: skip
#: The fields whose values are things by themselves; those of others are ways, called as many other things are: none,
#: norm, value, batch.
_THINGS = ("cell", "activation", "init", "data", "loss", "optimizer", "schedule")
#: What else a field is called: a slider moves what its gate does.
_FIELD_WORDS: dict[str, tuple[English, ...]] = {
    "forget_bias": ("forget gate",),
    "input_bias": ("input gate",),
    "update_bias": ("update gate",),
    "pin_forget": ("carousel",),
    "learning_rate": ("step size",),
    "clip_threshold": ("clipping",),
    "clip": ("gradient clipping", "clipping"),
    "norm": ("normalisation",),
    "residual": ("skip connections",),
    "init": ("initialiser",),
    "data": ("data set",),
    "width": ("units",),
    "depth": ("layers",),
    "steps": ("time steps",),
    "optimizer": ("optimiser",),
}
#: What else a page of the story is found by: what its cure is made of.
_PAIR_WORDS: dict[str, tuple[English, ...]] = {"lstm": ("forget gate",)}
#: The rows of Maths: each function with its twin, and what else a person calls it.
_FUNCTIONS: tuple[tuple[tuple[str, English], tuple[str, English]], ...] = (
    (("sin", "sine"), ("sinh", "hyperbolic sine")),
    (("cos", "cosine"), ("cosh", "hyperbolic cosine")),
    (("tan", "tangent"), ("tanh", "hyperbolic tangent")),
)
#: Which pane of the page shows the first ones, which their twins.
_SHOWN_IN = ("circular", "hyperbolic")
#: Fields whose names have rows that say what else they are called.
_ALIASED: dict[str, Mapping[str, Any]] = {
    "activation": ACTIVATIONS,
    "cell": CELLS,
    "clip": CLIPPINGS,
    "init": INITIALISERS,
    "loss": LOSSES,
    "norm": NORMALISATIONS,
    "optimizer": OPTIMISERS,
    "residual": RESIDUALS,
    "residual_block": BLOCKS,
    "schedule": SCHEDULES,
}


@cache
def shelf(names: tuple[str, ...], language: str) -> tuple[Shelved, ...]:
    """The lessons of these names. Read once, when the palette first opens: each key that is typed there asks."""
    return tuple(entry for entry in library.entries(language) if entry.id in names)


def palette_entries(app: Host) -> Iterator[Entry]:
    """All that can be found."""
    yield from _commands(app)
    yield from _fields(app)
    yield from _values(app)
    yield from _presets(app)
    yield from _lessons(app)
    yield from _places(app)
    yield from _themes(app)


def _in_both(texts: tuple[English, ...]) -> tuple[str, ...]:
    """The words in the reader's language and in English."""
    return tuple(dict.fromkeys(word for english in texts for word in (tr(english), english)))


def _commands(app: Host) -> Iterator[Entry]:
    for command in offered(app.permissions):
        pair = PAIRS[command.event.name] if isinstance(command.event, e.OpenPair) else None
        text = "" if pair is None else " ".join(map(tr, (pair.disease, pair.cure, pair.point)))
        also = (command.label, *_in_both(() if pair is None else _PAIR_WORDS.get(pair.name, ())))
        thing = Thing(tr(command.label), tr(command.label), tr(command.help), also, text, _COMMAND)
        yield Entry(thing, partial(app.action_command, command.id))


def _fields(app: Host) -> Iterator[Entry]:
    for name, option in options().items():
        called = _in_both(_FIELD_WORDS.get(name, ()))
        # Where the network has none of it, what shows it on another one comes first.
        also, text = ((name, *called), "") if acts(app, name) else ((name,), " ".join(called))
        thing = Thing(label(name), tr("set {field}", field=label(name)), tr(option.help), also, text, _FIELD)
        yield Entry(thing, partial(edit, app, name))


def _values(app: Host) -> Iterator[Entry]:
    """Every name that a field can have, of the experiment and of how it is trained."""
    for field, option in options().items():
        if field not in OF_FILES:
            for name in option.kind.names:
                if name != CSV:
                    yield _value(field, label(field), name, partial(give, app, field, name))
    for field, row in training_options().items():
        for name in row.kind.names:
            yield _value(field, field_name(field), name, partial(planning.take, app, row, name))


def _value(field: str, called: str, name: str, act: Callable[[], Any]) -> Entry:
    row = about(field, name)
    told = " · ".join(tr(text) for text in (row.formula, row.note) if text)
    others = _ALIASED[field][name].aliases if field in _ALIASED else NO_ALIASES
    title = tr("{field} {value}", field=called, value=name)
    kind = _THING if field in _THINGS else _WAY
    thing = Thing(name, title, told, also=others.names, text=" ".join(others.near), kind=kind)
    return Entry(thing, act, listed=False)


def _presets(app: Host) -> Iterator[Entry]:
    for preset in PRESETS.values():
        thing = Thing(preset.name, tr("preset {name}", name=preset.name), tr(preset.point), kind=_PRESET)
        yield Entry(thing, partial(open_preset, app, preset.name))


def _lessons(app: Host) -> Iterator[Entry]:
    for lesson in shelf(app.state.lessons, current()):
        told = f"{lesson.id} · {lesson.summary}"
        text = "" if lesson.lesson is None else " ".join(f"{step.title} {step.text}" for step in lesson.lesson.steps)
        title = tr("lesson · {title}", title=lesson.title)
        thing = Thing(lesson.title, title, told, also=(lesson.id,), text=text, kind=_LESSON)
        yield Entry(thing, partial(learning.open_lesson, app, lesson.id))


def _places(app: Host) -> Iterator[Entry]:
    """Where to look: the panes of every view, what bars show, the functions of Maths."""
    for view in VIEWS:
        name = tr(ROWS[view].label)
        for pane in panes_of(replace(app.state, view=view, lesson=None)):
            title = tr("{view}: {pane}", view=name, pane=tr(PANES[pane].label))
            thing = Thing(tr(PANES[pane].label), title, meaning(pane), kind=_PANE)
            yield Entry(thing, partial(app.send, e.Show(view), e.Focus(pane=pane)), listed=False)
    for quantity in QUANTITIES.values():
        title = tr("bars: {quantity}", quantity=tr(quantity.label))
        thing = Thing(tr(quantity.label), title, tr(quantity.help), kind=_QUANTITY)
        yield Entry(thing, partial(app.send, e.NextQuantity(name=quantity.id)), listed=False)
    yield from _functions(app)


def _functions(app: Host) -> Iterator[Entry]:
    """Each function, in the pane that shows it."""
    for number, twins in enumerate(_FUNCTIONS):
        for pane, (name, called), (twin, _) in zip(_SHOWN_IN, twins, twins[::-1], strict=True):
            title = tr("maths: {function} beside {twin}", function=name, twin=twin)
            thing = Thing(name, title, tr(ROWS["maths"].help), _in_both((called,)), kind=_FUNCTION)
            shown = e.Show("maths"), e.SelectItem(FUNCTIONS.index(number)), e.Focus(pane=pane)
            yield Entry(thing, partial(app.send, *shown), listed=False)


def _themes(app: Host) -> Iterator[Entry]:
    for theme in sorted(app.available_themes):
        ours = THEMES.get(theme)
        told = tr(ours.help) if ours is not None else tr("one of Textual's themes")
        yield Entry(Thing(theme, tr("theme {name}", name=theme), told, kind=_THEME), partial(wear, app, theme))
