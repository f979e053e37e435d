from pathlib import Path

import pytest

from craft_desktop.sync.links import inside_target


@pytest.mark.parametrize(
    ("relpath", "target", "wanted"),
    [
        ("link", "app/page.tsx", "app/page.tsx"),
        ("app/link", "../package.json", "../package.json"),
        ("app/link", "./page.tsx", "./page.tsx"),
        ("link", "not/there", "not/there"),
        ("link", "ROOT/app/page.tsx", "app/page.tsx"),
        ("app/link", "ROOT/package.json", "../package.json"),
        ("app/link", "ROOT", ".."),
        ("link", "../project/app", "app"),
        ("link", "link", "link"),
        ("link", "..", None),
        ("app/link", "../../other", None),
        ("link", "/etc/passwd", None),
        ("link", "../project-of-another", None),
        ("link", "out/x", None),
        ("link", "an\udcffother", "an\udcffother"),
    ],
)
def test_where_links_may_point(folder: Path, relpath: str, target: str, wanted: str | None) -> None:
    (folder / "out").symlink_to("/tmp")
    (folder / relpath).symlink_to(target.replace("ROOT", str(folder)))
    assert inside_target(folder, relpath) == wanted
