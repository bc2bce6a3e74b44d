"""Compare: A and B under one cursor."""
