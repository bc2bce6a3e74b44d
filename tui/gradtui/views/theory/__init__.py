"""Theory: the plane, the chain of factors, the spectrum."""
