"""What a trace says: stages, factors, verdict, remedies, and the documents that carry them."""
