"""What the screen shows, as one frozen state, and what changes it. No Textual, no clock."""
