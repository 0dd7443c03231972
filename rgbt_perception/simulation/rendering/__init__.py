"""From a scene description to what the two cameras see."""
