"""A place to run a project, reached through the e2b client."""
