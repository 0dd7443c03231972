"""Simulated recordings with ground truth (extra `sim`)."""
