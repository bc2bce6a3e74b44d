"""The Train view: what learns, iteration by iteration."""
