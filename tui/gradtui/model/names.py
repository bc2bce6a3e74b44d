"""What the state chooses from, by name: views and their panes, quantities, axes.

Only names: what a view looks like stands in `views.catalogue`, what a quantity is in `views.quantities`.
"""

from __future__ import annotations

#: Steps per second.
SPEEDS = (1, 2, 4, 8, 15, 30, 60)
VIEWS = ("explore", "idea", "compare", "lab", "maths", "theory", "lessons")
QUANTITIES = ("gradient", "parameters", "update", "std", "mean", "saturated", "factor")
AXES = ("log", "linear", "sign-log")
#: The functions of the maths page: each stands beside its hyperbolic twin.
FUNCTIONS = (0, 1, 2)

#: The panes of Explore, in order, by cell of the trace.
EXPLORE = {
    "mlp": ("gradient", "activation", "why"),
    "rnn": ("gradient", "activation", "why"),
    "gru": ("gradient", "gates", "activation", "why"),
    "lstm": ("gradient", "cell", "gates", "paths", "activation", "why"),
}
