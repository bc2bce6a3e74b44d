"""What the screen shows, as one frozen state, and what changes it: no Textual, no clock."""
