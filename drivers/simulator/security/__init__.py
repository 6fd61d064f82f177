"""The device's side of S0 and S2, written from the specifications and apart from the driver."""
