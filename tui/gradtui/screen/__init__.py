"""The app: Textual, wired to the model and the views; its one canvas, dialogs, terminal."""
