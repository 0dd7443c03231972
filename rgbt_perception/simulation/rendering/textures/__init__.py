"""Procedural looks of the materials, evaluated in the part's own frame."""
