"""The story: the first screen."""
