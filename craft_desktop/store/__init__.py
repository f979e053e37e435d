"""What stays on this machine between two runs."""
