"""The tables that decide a network's arithmetic: activations, initialisers, losses, optimisers, clipping."""
