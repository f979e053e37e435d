"""`python -s -S -m craft_desktop.host.envd --listen-fd N --dial-fd M`, started by the host inside a sandbox."""

import sys

# OpenSSL is 5 MB of this daemon's 23 (measured), loaded by asyncio and hashlib only because it is there; neither
# TLS nor a hash of OpenSSL's is used here. Both do without when the import fails.
sys.modules["ssl"] = sys.modules["_hashlib"] = None  # type: ignore[assignment]

from craft_desktop.host.envd.daemon import main  # noqa: E402 - after the two were barred

sys.exit(main(sys.argv[1:]))
