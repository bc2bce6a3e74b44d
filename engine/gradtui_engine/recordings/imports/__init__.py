"""What other tools have written of a training, as recordings: few of the numbers, and which ones is said in notes."""
