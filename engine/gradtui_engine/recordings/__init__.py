"""Recorded trainings: files of lines read, watched while they grow, and shown as a History."""
