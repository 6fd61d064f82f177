"""Gatehouse: the right code in the right lock at the right time."""
