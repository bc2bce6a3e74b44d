"""The terminal: its driver, when a frame may be drawn, and what is written for it."""
