"""Craft Desktop: a window on local web projects, each running in an E2B sandbox."""
