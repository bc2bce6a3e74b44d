"""A visitor's session: its process, its limits, its end."""
