"""The dialogs: help, choices, the form of the experiment."""
