"""Training: iterations as an axis. Every one of them is the same code as a single iteration is."""
