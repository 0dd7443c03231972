"""A page on this machine that shows what the live host does."""
