"""What the panes show, in sentences."""
