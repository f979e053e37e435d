"""The embedded sandbox host: E2B's protocol on this computer; imports nothing of the rest."""
