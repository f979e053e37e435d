import time
from pathlib import Path

from craft_desktop.workbench.premises import Premises, read_premises, striker
from tests.conftest import tiny_project


def test_what_a_folder_says(tmp_path: Path) -> None:
    folder = tiny_project(
        tmp_path / "a", scripts={"dev": "API=1 node server.js"}, dependencies={"b": "1"}, devDependencies={"a": "1"}
    )
    (folder / ".env").write_text("DATABASE_URL=postgres://u:p@h/d\n")
    (folder / ".env.local").write_text(
        "SESSION_SECRET='a-long-secret'\nNEXT_PUBLIC_SITE=https://shop.example\nS=short\n"
    )
    (folder / ".env.example").write_text("WANTED=\n")
    (folder / ".env.production").write_text("ONLY_THERE=1\n")
    premises = read_premises(folder)
    assert premises.recipe is not None and premises.packages == ("a", "b")
    assert premises.set_names == {"API", "DATABASE_URL", "SESSION_SECRET", "NEXT_PUBLIC_SITE", "S"}
    assert premises.example_names == {"WANTED"}
    assert set(premises.secrets) == {"postgres://u:p@h/d", "a-long-secret"}
    assert "a-long-secret" not in repr(premises)


def test_a_folder_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert read_premises(tmp_path / "nowhere") == Premises()
    (tmp_path / "package.json").write_text("{")
    assert read_premises(tmp_path).recipe is None


def test_secrets_are_struck_by_value_and_by_what_looks_like_one() -> None:
    struck = striker(Premises(secrets=("a-long-secret",)), lambda text: text.replace("kept", "•••"))
    told = struck(
        "kept a-long-secret postgres://shop:hunter2@db/shop --token=abcd1234 API_KEY: 'zyxw9876' "
        "Authorization: Bearer eyJhbGciOi next dev -p 3000"
    )
    for secret in ("kept", "a-long-secret", "hunter2", "abcd1234", "zyxw9876", "eyJhbGciOi"):
        assert secret not in told
    assert "postgres://" in told and "@db/shop" in told and told.endswith("next dev -p 3000")


def test_a_hostile_text_takes_no_time() -> None:
    struck = striker(Premises(), str)
    began = time.process_time()
    for text in ("token" * 20_000, "://" * 30_000, "a:" * 50_000, "-" * 100_000, "token=" * 20_000):
        struck(text[:4000])
    assert time.process_time() - began < 1.0  # of processor time; some 0.05 s on a quiet machine
