from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.environment_draft import Draft, Standing
from craft_desktop.model.script import Framework
from craft_desktop.store.secrets import KeySource
from craft_desktop.ui import variable_words as words

FILES = (EnvFile(".env.local", frozenset({"A", "F"})), EnvFile(".env", frozenset({"A"})))
NEXT = EnvFiles(Framework.NEXT, FILES)
OTHER = EnvFiles(Framework.OTHER, FILES)


def test_every_line_says_how_it_stands() -> None:
    draft = Draft(frozenset({"A", "B"})).without("A").setting({"C": "secret"})
    assert [(row.name, row.standing, row.note) for row in words.rows(draft, NEXT, str)] == [
        ("A", Standing.REMOVED, "Will be removed; .env.local sets it"),
        ("B", Standing.KEPT, ""),
        ("C", Standing.ADDED, "New"),
        ("F", None, "Set by .env.local"),
    ]
    assert words.note("A", Standing.KEPT, NEXT, str) == "Wins over .env.local"
    assert words.note("A", Standing.CHANGED, OTHER, str) == "Changed, also in .env.local"


def test_who_wins_is_said_only_as_surely_as_it_is_known() -> None:
    assert words.precedence(EnvFiles(Framework.NEXT), str) == ""
    assert words.precedence(NEXT, str) == (
        "What is set here wins over .env.local and .env: Next.js keeps a value that is set already."
    )
    assert "usually" in words.precedence(OTHER, str)
    assert words.beside("A", NEXT, str) == ".env.local sets it too; what is set here wins."
    assert "usually" in words.beside("A", OTHER, str)
    assert words.beside("NEXT_PUBLIC_X", NEXT, str) == "Everybody who opens the page can read it."


def test_the_place_and_the_restart_are_said() -> None:
    assert "keyring" in words.place(KeySource.KEYRING, str)
    assert "this run only" in words.place(KeySource.MEMORY, str)
    assert "does not answer" in words.place(KeySource.NONE, str)
    one, two = Draft().setting({"A": "1"}), Draft().setting({"A": "1", "B": "2"})
    assert words.restart(two, True, str) == "2 changes. Saving restarts the dev server, once."
    assert words.restart(one, False, str) == "1 change. In force from the next start."
    assert (words.unsaved(one, str), words.unsaved(two, str)) == ("1 change is not saved.", "2 changes are not saved.")
    assert [words.heading(draft, str) for draft in (Draft(), one, two)] == [
        "No variables yet",
        "1 variable",
        "2 variables",
    ]


def test_an_import_says_what_it_takes_and_what_not() -> None:
    draft = Draft(frozenset({"A"}))
    rows = words.imported({"A": "secret", "B": "secret"}, {"PORT": "why"}, draft, str)
    assert [(row.name, row.note) for row in rows] == [("A", "Replaces the value here"), ("B", "New"), ("PORT", "why")]
    assert "secret" not in repr(rows)
    assert words.import_heading(2, 1, str) == "2 variables will be added or replaced. 1 is left out."
    assert words.import_heading(0, 0, str) == "There is no NAME=VALUE line in that text."
    assert words.import_heading(0, 1, str).startswith("Nothing can be added.")


def test_a_value_is_one_short_line() -> None:
    assert words.one_line("a\nb\x1b[31m\u202e") == "a⏎b�[31m�"
    assert len(words.one_line("x" * 1_000_000)) == words.LONGEST_SHOWN + 1
