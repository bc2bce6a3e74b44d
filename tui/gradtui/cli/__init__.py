"""The command line: which command, its options, the user's settings, output without a screen."""
