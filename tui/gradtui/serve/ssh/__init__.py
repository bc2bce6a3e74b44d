"""Visitors over SSH."""
