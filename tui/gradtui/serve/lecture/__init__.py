"""Lectures: a presenter's screen, shown to every visitor."""
