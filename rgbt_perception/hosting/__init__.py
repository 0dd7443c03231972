"""What the live hosts share: a worker thread, names and QoS, health and diagnostics."""
