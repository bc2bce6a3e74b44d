"""One file a cell: its arithmetic, and its row, which has all that anything else wants to know of it."""
