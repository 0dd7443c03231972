"""From what falls on the two sensors to the numbers that the cameras send."""
