"""Values and rules of the program: no I/O, no third-party import."""
