"""From messages to checked, rectified, paired arrays, and back to messages."""
