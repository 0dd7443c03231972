"""One interface to every inference runtime."""
