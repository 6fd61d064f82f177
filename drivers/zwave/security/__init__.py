"""Z-Wave encryption without input, output, clock or dice of its own: time and randomness are handed in."""
