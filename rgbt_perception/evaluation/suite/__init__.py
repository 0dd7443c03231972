"""The accuracy suite: what the depth must hold, measured, and told in one table a section."""
