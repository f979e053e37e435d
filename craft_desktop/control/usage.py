"""The commands as a person types them: names, arguments, and the words of their help."""

import argparse
from pathlib import Path

from craft_desktop.model.events import Stream
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.template import DEFAULT_NAME, NEXT_VERSION, NODE_VERSION

# What runs by itself, and what asks a program that runs.
ALONE = ("preview", "host", "doctor", "template")
ASKING = ("list", "open", "status", "close", "health", "restart", "awake", "share", "logs", "env")
COMMANDS = (*ALONE, *ASKING)
_EXIT_CODES = """exit codes:
  0  done; status: it runs; health: its page answers
  1  it failed, and the message says why; health: its page does not answer
  2  wrong usage
  3  no program runs that could be asked
  4  status, health: the project does not run
"""
_PROJECT = "the project's name in its address, its id, or its folder"


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the commands; wrong usage exits 2."""
    parser = argparse.ArgumentParser(
        prog="craft-desktop",
        description="See your web project running, live, without a terminal.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Without a command the window opens; folders given are put on its list.\n\n{_EXIT_CODES}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    preview = commands.add_parser("preview", help="run one project without a window, until Ctrl-C")
    preview.add_argument("path", type=Path, help="the project's folder, or its package.json")
    preview.add_argument(
        "--provider", type=Provider, choices=list(Provider), metavar="{local,e2b}", help="where it runs"
    )
    preview.add_argument("--json", action="store_true", help="print one JSON object a line")
    _add_asking(commands)
    host = commands.add_parser("host", help="run the embedded sandbox host alone, until Ctrl-C")
    host.add_argument("--port", type=_port, default=0, help="the API's port (default: any free one)")
    host.add_argument("--domain", help="the domain in preview addresses (default: localhost:<traffic port>)")
    host.add_argument(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="key and certificate for *.DOMAIN: serve TLS there too, so that E2B_DOMAIN alone leads a client here",
    )
    host.add_argument("--json", action="store_true", help="print nothing but the ready line")
    doctor = commands.add_parser("doctor", help="say what this machine has and lacks, or what ails a project's preview")
    doctor.add_argument("project", nargs="?", help=f"examine its preview instead ({_PROJECT})")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    template = commands.add_parser("template", help="make what sandboxes on E2B begin with")
    acts = template.add_subparsers(dest="act", required=True, metavar="{build}")
    build = acts.add_parser("build", help="build a template with Node.js and Next.js, and use it from now on")
    build.add_argument("--name", default=DEFAULT_NAME, help=f"the template's name (default: {DEFAULT_NAME})")
    build.add_argument("--node", default=NODE_VERSION, help=f"the version of Node.js (default: {NODE_VERSION})")
    build.add_argument("--next", default=NEXT_VERSION, help=f"the version of Next.js (default: {NEXT_VERSION})")
    return parser


def _add_asking(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that ask a program that runs."""

    def add(name: str, words: str, of: str = _PROJECT) -> argparse.ArgumentParser:
        parser = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=_EXIT_CODES,
        )
        if of:
            parser.add_argument("project", help=of)
        parser.add_argument("--json", action="store_true", help="print JSON")
        return parser

    add("list", "show the projects, and what runs of them", of="")
    opening = add(
        "open", "start a project in the program that runs, or join its start", f"{_PROJECT}; a new one is added"
    )
    opening.add_argument(
        "--provider", type=Provider, choices=list(Provider), metavar="{local,e2b}", help="where it runs, this once"
    )
    add("status", "say whether a project runs")
    add("close", "stop a project")
    add("health", "ask whether a project's page answers, and say when it goes to rest")
    restart = add("restart", "start a project's dev server anew")
    how = restart.add_mutually_exclusive_group()
    how.add_argument(
        "--clean",
        dest="how",
        action="store_const",
        const="restart-clean",
        default="restart",
        help="delete before what was built (.next and the like), in the sandbox alone",
    )
    how.add_argument(
        "--reinstall",
        dest="how",
        action="store_const",
        const="reinstall",
        help="delete the dependencies in the sandbox before, and install them",
    )
    awake = add("awake", "choose whether a project goes to rest when nobody uses it")
    awake.add_argument("choice", choices=["on", "off"], help="on: it never does by itself")
    share = add("share", "choose whether everybody who has its address sees a project's page on E2B")
    share.add_argument("choice", choices=["on", "off"], help="either gives a project that runs another sandbox")
    logs = add("logs", "show a project's logs")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C")
    logs.add_argument(
        "--stream", action="append", choices=list(Stream), default=[], help="this one alone; may be repeated"
    )
    logs.add_argument("--last", type=_count, metavar="LINES", help="the last so many lines alone")
    env = add("env", "show or change a project's environment variables, which are kept in the system keyring")
    actions = env.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="show their names (what “env PROJECT” does by itself)")
    listing.add_argument("--reveal", action="store_true", help="show their values too")
    setting = actions.add_parser("set", help="set some; a dev server that runs is started anew")
    setting.add_argument(
        "assignments",
        nargs="+",
        metavar="NAME=VALUE",
        help="a bare NAME reads its value from standard input, out of the sight of other programs",
    )
    unsetting = actions.add_parser("unset", help="forget some; a dev server that runs is started anew")
    unsetting.add_argument("names", nargs="+", metavar="NAME")
    importing = actions.add_parser("import", help="set all that a .env file names, read as dotenv reads it")
    importing.add_argument("file", type=Path, metavar="FILE")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number of lines")
    return int(text)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to 65535)")
    return number
