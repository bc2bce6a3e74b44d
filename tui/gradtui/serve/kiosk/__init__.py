"""The screen for visitors of a machine that is not theirs."""
