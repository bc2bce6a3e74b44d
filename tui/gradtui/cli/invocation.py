"""An invocation: all that a command was asked for, read and checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gradtui_engine import Experiment
from gradtui_engine.core.message import Message

from ..model.opening import Opening
from .settings import SettingsInForce
from .words import Words

Own = TypeVar("Own")


@dataclass(frozen=True)
class Invocation(Generic[Own]):
    """What was typed, and what it comes to. Nothing is added to it later."""

    #: The command line as it was typed.
    words: Words
    experiment: Experiment
    #: The command's own options, such as RunOptions.
    options: Own
    #: The settings in force, each with where it came from.
    loaded: SettingsInForce
    #: What the screen opens with; None of a command without one.
    opening: Opening | None
    #: What was taken for another name: "note: lr is learning_rate here".
    notes: tuple[Message, ...] = ()
