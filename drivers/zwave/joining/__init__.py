"""Devices joining and leaving the network, as conversations that read in the order of the specification."""
