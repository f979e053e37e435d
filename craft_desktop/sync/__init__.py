"""Keeps one sandbox equal to one folder."""
