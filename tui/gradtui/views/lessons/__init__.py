"""A lesson beside a view."""
