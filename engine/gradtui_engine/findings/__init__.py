"""What is wrong with a recorded training: one rule a kind of fault, what it found, why, and what to change."""
