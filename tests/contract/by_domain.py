"""A program that knows a domain and a key, as one for E2B's cloud does. Run by `test_domain.py`; prints JSON."""

import json

from e2b import Sandbox

SECRET_TEXT = "by a signed address"


def main() -> None:
    """Make a sandbox, work in it, and tell its addresses; the caller kills it."""
    sandbox = Sandbox.create(timeout=120)
    sandbox.files.write("hello.txt", SECRET_TEXT)
    sandbox.commands.run("python -m http.server 8000", background=True, timeout=0)
    told = {
        "id": sandbox.sandbox_id,
        "read": sandbox.files.read("hello.txt"),
        "ran": sandbox.commands.run("echo $E2B_SANDBOX_ID").stdout.strip(),
        "listed": [each.sandbox_id for each in Sandbox.list().next_items()],
        "host": sandbox.get_host(8000),
        "closed": sandbox.get_host(3000),
        "download": sandbox.download_url("hello.txt"),
        "upload": sandbox.upload_url("new.txt"),
        "forged": sandbox.download_url("hello.txt").replace("signature=v1_", "signature=v1_x"),
    }
    print(json.dumps(told))  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
