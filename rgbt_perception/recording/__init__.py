"""Recordings in (MCAP, sqlite3, videos, image folders) and out (MCAP)."""
