"""A network as a program that can be listed: instructions, slots of memory, and the operations that run them."""
