import logging

from craft_desktop.host.envd.journal import Journal


def test_entries_are_told_with_their_time() -> None:
    journal = Journal(now=lambda: 1_700_000_000.25)
    journal.note("hello", pid=7)
    assert journal.told() == [
        {
            "timestamp": "2023-11-14T22:13:20.250Z",
            "time_ms": 1_700_000_000_250,
            "level": "info",
            "message": "hello",
            "fields": {"pid": "7"},
        }
    ]


def test_what_is_logged_is_taken_in() -> None:
    journal = Journal()
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        if level >= journal.level:
            journal.handle(logging.LogRecord("a.b", level, "", 0, "%d", (level,), None))
    assert [(entry["level"], entry["message"]) for entry in journal.told()] == [
        ("info", "20"),
        ("warn", "30"),
        ("error", "40"),
    ]


def test_it_is_bounded_both_ways() -> None:
    journal = Journal()
    for number in range(3000):
        journal.note(f"{number} " + "x" * 100_000)
    told = journal.told()
    assert len(told) == 1000
    assert told[-1]["message"].startswith("2999 ")
    assert len(told[-1]["message"]) == 512


def test_what_is_no_text_is_still_json() -> None:
    journal = Journal()
    journal.note(b"caf\xe9".decode(errors="surrogateescape"))
    assert journal.told()[0]["message"] == "caf\N{REPLACEMENT CHARACTER}"
