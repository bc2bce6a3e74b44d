"""The command line: which command, its options, the user's settings."""
