"""One file a cell: the words for its gates, and the explanations of its operations."""
