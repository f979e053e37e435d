"""One stable loopback address per project."""
