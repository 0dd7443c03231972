"""Engines compiled ahead of time, kept in a folder; ``cached_engine`` is the way in."""
