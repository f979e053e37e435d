import json
import shutil
import subprocess
from pathlib import Path

import pytest

from craft_desktop.model.node_range import fits

RANGES = (
    """
    >=18, >=18.17.0, ^20, ^20.9, ~20.1, ~20, 20, 20.x, 20.*, 20.1.2, =20.1.2, v20, *, x, >20, <20, <=20, <=20.1, >20.1.2
    ^0.1.2, ^0.0.3, ^0.0, ^0, ~0.1.2, >=20.0.0-rc.1, ^18 || ^20 || >=22, 18 - 20, 18.1 - 20.1.0, >=18 <21, >= 18.17
    ^18||^20, >=18.0.0 <21, ~>20.1
""".strip()
    .replace("\n", ",")
    .split(",")
)
VERSIONS = [
    *("0.0.3", "0.0.4", "0.1.2", "0.1.9", "0.2.0", "14.0.0", "18.0.0", "18.17.1"),
    *("19.9.9", "20.0.0", "20.1.0", "20.1.2", "20.1.3", "20.9.0", "21.0.0", "22.1.0"),
]


@pytest.mark.parametrize("wanted", ["lts/*", "node", ">=abc", "hello world", ">=18 &&"])
def test_what_cannot_be_read_refuses_nothing(wanted: str) -> None:
    assert fits(wanted, "20.1.0")


def test_a_version_that_cannot_be_read_fits_nothing() -> None:
    assert not fits("*", "")


@pytest.mark.parametrize(
    ("wanted", "yes", "no"),
    [
        (">=18.17.0", "18.17.0", "18.16.9"),
        ("^20.9", "20.19.0", "21.0.0"),
        ("~20.1", "20.1.9", "20.2.0"),
        ("20.x", "20.99.1", "21.0.0"),
        ("18 - 20", "20.9.9", "21.0.0"),
        ("^18 || >=22", "24.0.0", "20.0.0"),
        (">=18 <21", "20.0.0", "21.0.0"),
        ("<=20.1", "20.1.9", "20.2.0"),
        (">20.1", "20.2.0", "20.1.9"),
        ("^0.0.3", "0.0.3", "0.0.4"),
    ],
)
def test_ranges(wanted: str, yes: str, no: str) -> None:
    assert fits(wanted, yes)
    assert fits(wanted, f"v{yes}")
    assert not fits(wanted, no)


def test_as_npms_own_rules_have_it(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("there is no npm here to compare with")
    semver = Path(npm).resolve().parents[1] / "node_modules" / "semver"
    script = (
        f"const s = require({json.dumps(str(semver))}); const [r, v] = JSON.parse(process.argv[1]);"
        "console.log(JSON.stringify(r.map(a => v.map(b => s.satisfies(b, a.replace(',', ' '))))))"
    )
    told = subprocess.run([node, "-e", script, json.dumps([RANGES, VERSIONS])], check=True, capture_output=True)
    ours = [[fits(wanted, version) for version in VERSIONS] for wanted in RANGES]
    theirs = json.loads(told.stdout)
    assert [
        (wanted, version)
        for wanted, mine, other in zip(RANGES, ours, theirs, strict=True)
        for version, one, two in zip(VERSIONS, mine, other, strict=True)
        if one != two
    ] == []
