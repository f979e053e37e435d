import subprocess
import sys
from pathlib import Path

from tests.host.envd.driver import make_library

_IMPORT = """
import sys
sys.argv = ["envd", "--help"]
try:
    import craft_desktop.host.envd.__main__
except SystemExit as ended:
    assert ended.code == 0, ended.code
print(*(name for name, module in sys.modules.items() if module is not None))
"""


def test_what_is_loaded(tmp_path: Path) -> None:
    """Of this project only what the host binds into a sandbox, and nothing heavy."""
    library = make_library(tmp_path / "lib")
    ran = subprocess.run(
        [sys.executable, "-s", "-S", "-c", _IMPORT],
        env={"PYTHONPATH": str(library)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert "craft_desktop.host.envd.daemon" in loaded
    assert not loaded & {"_ssl", "_hashlib", "email", "http.client", "urllib.request", "typing_extensions", "e2b"}
    own = {name for name in loaded if name.startswith("craft_desktop")}
    assert all(
        name in ("craft_desktop", "craft_desktop.tasks", "craft_desktop.host") or ".host.envd" in name for name in own
    )
