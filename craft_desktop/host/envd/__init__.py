"""The daemon inside each sandbox: processes, files, ports."""
