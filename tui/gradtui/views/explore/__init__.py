"""Explore: one network, stage by stage."""
