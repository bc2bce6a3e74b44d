"""The user's settings: one table, and where a value comes from.

Command line before environment (GRADTUI_FPS …) before the file config.toml before the default. NO_COLOR stays the
environment's own business. Nothing here knows Textual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtui_engine.core.fields import Choice, Integer, Kind, OneOf, Rejected, Switch, Text, Value, given, not_allowed
from gradtui_engine.core.message import English, Message
from gradtui_engine.core.options import Manner, Option
from gradtui_engine.core.problems import ExperimentError, Problem, unknown_name
from gradtui_engine.core.table import Table
from gradtui_engine.experiment.spelling import read_toml

from ..text import glyphs as glyphs_of
from ..text import language
from .settings_error import SettingsError, shown

if TYPE_CHECKING:
    from .keymap import Bindable

PREFIX = "GRADTUI_"
#: The variable that names another file.
CONFIG = "GRADTUI_CONFIG"
#: Variables of ours that are no settings; GRADTUI_LESSONS is the folder of a user's own lessons, GRADTUI_DEBUG
#: shows the whole traceback of a failure.
_OTHER_VARIABLES = (CONFIG, "GRADTUI_LESSONS", "GRADTUI_DEBUG")
KEYS = "keys"
DEFAULT, FILE, COMMAND_LINE = "default", "file", "command line"

#: Frames per second: a slow link shows no more than 12 without lagging behind.
_FPS, _FPS_OVER_SSH = 30, 12
#: Textual's own themes, beside ours; the views take the palette that suits their background.
_TEXTUAL_THEMES = (
    "textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha", "dracula", "tokyo-night", "monokai",
    "flexoki", "catppuccin-latte", "catppuccin-frappe", "catppuccin-macchiato", "solarized-light", "solarized-dark",
    "rose-pine", "rose-pine-moon", "rose-pine-dawn", "atom-one-dark", "atom-one-light", "ansi-dark", "ansi-light",
)  # fmt: skip
#: Colours that a terminal has, by Textual's names for them.
COLOUR_SYSTEMS = {"auto": "auto", "16": "standard", "256": "256", "truecolor": "truecolor"}


class BrokenSettings(SettingsError):
    """Settings of which some cannot be used, and what can be used all the same."""

    def __init__(self, problems: Iterable[Problem], usable: SettingsInForce) -> None:
        super().__init__(problems)
        self.usable = usable


# -- the table ---------------------------------------------------------------------------------------------


def _themes() -> tuple[str, ...]:
    from ..screen.palette import THEMES

    return (*THEMES, *_TEXTUAL_THEMES)


def _speeds() -> tuple[int, ...]:
    from ..model.names import SPEEDS

    return SPEEDS


def _always(value: Value) -> Callable[[Mapping[str, str]], Value]:
    return lambda environment: value


@dataclass(frozen=True)
class Word(Choice):
    """A name of which some look like numbers: TOML's 256 means "256"."""

    def check(self, value: Any) -> str:
        return super().check(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


@dataclass(frozen=True)
class Theme(Choice):
    """A theme's name; `allowed` names ours alone, because all names take half a screen and palettes 20 ms to load."""

    @property
    def allowed(self) -> English:
        return "gradtui, gradtui-light, high-contrast, colour-blind, or one of Textual's, such as nord"


@dataclass(frozen=True, kw_only=True)
class Setting(Option):
    """One setting: an option that has a variable and a line of the file too, and its default in an environment."""

    usual: Callable[[Mapping[str, str]], Value]

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


_MANNER = Manner(allowed=": ", of_numbers=True)


def _setting(help: English, kind: Kind, usual: Callable[[Mapping[str, str]], Value]) -> Any:
    """A field of Settings with what its row says."""
    return field(metadata={"setting": {"help": help, "kind": kind, "usual": usual}})


@dataclass(frozen=True)
class Settings:
    """The settings in force. keys holds the effective keys of the commands that the user's file names."""

    lang: str = _setting("language", Choice(lambda: tuple(language.LANGUAGES)), language.of_locale)
    theme: str = _setting("colours", Theme(_themes), _always("gradtui"))
    glyphs: str = _setting("glyphs that the terminal shows well", Choice(lambda: glyphs_of.GLYPHS), glyphs_of.of_locale)
    color: str = _setting("colours that the terminal has", Word(lambda: tuple(COLOUR_SYSTEMS)), _always("auto"))
    fps: int = _setting(
        "frames per second at the most",
        Integer(1, 60),
        lambda environment: _FPS_OVER_SSH if environment.get("SSH_CONNECTION") else _FPS,
    )
    speed: int = _setting("steps per second of playback", OneOf(_speeds), _always(15))
    reduced_motion: bool = _setting("less motion on the screen", Switch(can_be_off=True), _always(False))
    mouse: bool = _setting(
        "the mouse works; without it the terminal selects text", Switch(can_be_off=True), _always(True)
    )
    kept_results: int = _setting(
        "MB of results that are kept, so that going back to one is at once", Integer(0, 2**20), _always(256)
    )
    sweep_store: str = _setting(
        "folder in which the cells of sweeps are kept from one session to the next; empty for none",
        Text("DIR", Message("a folder")),
        _always(""),
    )
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


SETTINGS = Table(
    "setting",
    (Setting(row.name, manner=_MANNER, **row.metadata["setting"]) for row in fields(Settings) if row.metadata),
)


@dataclass(frozen=True)
class SettingsInForce:
    """Settings, and for each name where its value came from: default, file, a variable's name, command line."""

    settings: Settings
    sources: Mapping[str, str]
    path: Path


# -- sources -----------------------------------------------------------------------------------------------


def config_path(environment: Mapping[str, str]) -> Path:
    """The file: what GRADTUI_CONFIG names, or config.toml in the user's configuration directory."""
    named = environment.get(CONFIG)
    if named:
        return Path(named).expanduser() if named.startswith("~/") else Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("gradtui", appauthor=False)) / "config.toml"


def load(
    given: Mapping[str, str],
    environment: Mapping[str, str],
    path: Path | None = None,
    commands: Sequence[Bindable] | None = None,
) -> SettingsInForce:
    """The settings out of the command line's texts by name, the environment and the file; a missing file is none.

    commands are those that keys can be given to; without them the table's. Raises SettingsError with every problem
    of every source; a file that GRADTUI_CONFIG names and that is not there is one.
    """
    loaded, problems = survey(given, environment, path, commands)
    told = any(problem.field == str(loaded.path) for problem in problems)  # why it cannot even be looked at
    if path is None and environment.get(CONFIG) and not told and not loaded.path.exists():
        named = Message("{path}: there is no such file", path=shown(str(loaded.path)))
        problems.insert(0, Problem(CONFIG, named))
    if problems:
        raise BrokenSettings(problems, loaded)
    return loaded


def survey(
    given: Mapping[str, str],
    environment: Mapping[str, str],
    path: Path | None = None,
    commands: Sequence[Bindable] | None = None,
) -> tuple[SettingsInForce, list[Problem]]:
    """As `load`, but what can be used comes beside the problems: where a source is wrong, the next one counts."""
    path = config_path(environment) if path is None else path
    problems: list[Problem] = []
    document = _read(path, problems)
    keys = _keys(document.pop(KEYS, {}), f"{path}: {KEYS}", commands, problems)
    values = {name: setting.usual(environment) for name, setting in SETTINGS.items()}
    sources = dict.fromkeys(values, DEFAULT)

    def take(name: str, value: Any, source: str, where: str, read: Callable[[Any], Value]) -> None:
        try:
            values[name], sources[name] = read(value), source
        except Rejected as error:
            problems.append(Problem(where, error.message))

    for name, value in document.items():
        where = f"{path}: {shown(name)}"
        if name in SETTINGS:
            take(name, value, FILE, where, SETTINGS[name].kind.check)
        else:
            problems.append(Problem(where, unknown_name(name, (*SETTINGS.names, KEYS))))
    variables = {setting.variable: name for name, setting in SETTINGS.items()}
    for variable, text in environment.items():
        if variable in variables:
            # An empty variable is one that is not set, as for NO_COLOR.
            if text:
                name = variables[variable]
                take(name, text, variable, variable, SETTINGS[name].kind.parse)
        elif variable.startswith(PREFIX) and variable not in _OTHER_VARIABLES:
            problems.append(Problem(variable, unknown_name(variable, (*variables, *_OTHER_VARIABLES))))
    for name, text in given.items():
        take(name, text, COMMAND_LINE, SETTINGS[name].flag, SETTINGS[name].kind.parse)
    sources |= dict.fromkeys(keys, FILE)
    made: dict[str, Any] = dict(values)
    return SettingsInForce(Settings(**made, keys=keys), sources, path), problems


def _read(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        if not path.exists():
            return {}
    except OSError:
        pass  # read_toml says why it cannot be looked at
    try:
        return read_toml(path)
    except ExperimentError as error:
        problems += error.problems
        return {}


def _keys(
    overrides: Any, where: str, commands: Sequence[Bindable] | None, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """The effective keys of the commands that the file names, but not of those with a problem.

    The table of commands is loaded only if there are any.
    """
    if not isinstance(overrides, dict):
        allowed = Message('[keys], then lines such as play = "space"')
        problems.append(Problem(where, not_allowed(given(overrides), allowed).message))
        return {}
    if not overrides:
        return {}
    from .keymap import effective

    if commands is None:
        from ..model.commands import COMMANDS

        commands = COMMANDS
    usable = overrides
    while True:
        try:
            keys = effective(commands, usable, where)
        except SettingsError as error:
            if usable is overrides:
                problems += error.problems
            # What is left out has the table's keys again, and one of these may be given to another command by now.
            wrong = {problem.field for problem in error.problems}
            usable = {name: value for name, value in usable.items() if f"{where}.{shown(name)}" not in wrong}
        else:
            return {command.id: keys[command.id] for command in commands if command.id in usable}


# -- the command line --------------------------------------------------------------------------------------


def given_of(words: Mapping[str, Any]) -> dict[str, str]:
    """The settings that a command line gives, as text by name: what `load` takes."""
    texts = {name: words[name] for name in SETTINGS if name in words}
    return {name: str(text).lower() if isinstance(text, bool) else text for name, text in texts.items()}
