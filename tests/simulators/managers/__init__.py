"""Doubles of booking managers: each speaks its maker's documented protocol, from the documents and not from our reader of it."""
