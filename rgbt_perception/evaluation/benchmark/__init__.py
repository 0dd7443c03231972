"""End-to-end speed, from messages to messages, beside what else could do the same work."""
