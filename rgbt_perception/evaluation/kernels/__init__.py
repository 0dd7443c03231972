"""What the steps around the networks cost, against moving their bytes once."""
