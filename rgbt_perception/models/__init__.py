"""The networks (torch; for training and export only)."""
