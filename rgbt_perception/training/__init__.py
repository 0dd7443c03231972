"""Data sets, losses, training and export (extra `train`)."""
