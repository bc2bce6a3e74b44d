"""Visitors with a browser."""
