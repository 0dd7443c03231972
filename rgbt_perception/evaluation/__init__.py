"""Metrics, baselines, benchmark and report."""
