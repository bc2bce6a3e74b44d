"""What goes into someone's training program: torch alone, and only once `watch` is called."""
