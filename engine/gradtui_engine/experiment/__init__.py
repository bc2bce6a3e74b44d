"""The experiment: what was given, what it comes to, and the remedies for it."""
