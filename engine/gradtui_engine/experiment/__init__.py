"""The experiment: what was given, what it comes to, and the program that it asks for."""
