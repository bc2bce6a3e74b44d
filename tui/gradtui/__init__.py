"""gradtui: see where the gradient goes, in a terminal."""

__version__ = "0.1.0"
