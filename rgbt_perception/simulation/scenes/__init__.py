"""What is in a simulated world: two kinds of scenes, composed from a catalogue of objects."""

from __future__ import annotations

from rgbt_perception.simulation.scenes.compose import compose_scene

__all__ = ["compose_scene"]
