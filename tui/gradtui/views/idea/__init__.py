"""One idea: three cures as the same product."""
