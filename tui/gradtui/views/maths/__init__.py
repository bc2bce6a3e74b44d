"""The maths page: circular functions beside hyperbolic ones."""
