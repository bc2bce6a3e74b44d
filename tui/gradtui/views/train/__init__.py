"""Train: loss and gradients of every iteration, and what the cells' gates make of them."""
