"""Version managers' folders laid out as they lay them, and what a sandbox is shown of them."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from craft_desktop.host.bodies import NODE_WISH, Creation
from craft_desktop.host.failures import NotFound
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine, Node
from craft_desktop.host.nodes import Nodes, Shelf, installed, shelves, with_node
from craft_desktop.host.sandboxes import Sandboxes
from tests.host.programs import program

FOLDERS = {
    "nvm": ".nvm/versions/node/v22.1.0",
    "fnm": ".local/share/fnm/node-versions/v22.2.0/installation",
    "volta": ".volta/tools/image/node/22.3.0",
    "asdf": ".asdf/installs/nodejs/22.4.0",
    "mise": ".local/share/mise/installs/node/22.5.0",
    "n": "n/versions/node/22.6.0",
}


def put(home: Path, source: str, *, npm: bool = False) -> Path:
    tree = home / FOLDERS[source]
    program(tree / "bin" / "node", f"echo {source} is here")
    if npm:
        script = tree / "lib/node_modules/npm/bin/npm-cli.js"
        script.parent.mkdir(parents=True)
        script.write_text("")
        (tree / "bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
    return tree


def test_each_version_manager_is_looked_through(tmp_path: Path) -> None:
    for source in FOLDERS:
        put(tmp_path, source)
    found = installed(shelves({"N_PREFIX": str(tmp_path)}, tmp_path))
    assert {each.source: each.path for each in found} == {
        source: tmp_path / folder / "bin" / "node" for source, folder in FOLDERS.items()
    }
    assert {each.version for each in found} == {f"22.{minor}.0" for minor in range(1, 7)}


def test_a_folder_that_the_person_moved_is_found_by_its_variable(tmp_path: Path) -> None:
    put(tmp_path, "nvm")
    elsewhere = Path("/nowhere")
    assert installed(shelves({"NVM_DIR": str(tmp_path / ".nvm")}, elsewhere))[0].version == "22.1.0"
    assert shelves({"FNM_DIR": "/f"}, elsewhere)[1] == Shelf("fnm", Path("/f/node-versions"), "installation")


def test_what_is_no_version_is_passed_over(tmp_path: Path) -> None:
    shelf = Shelf("mise", tmp_path / "installs")
    program(tmp_path / "installs/22.1.0/bin/node", "true")
    (tmp_path / "installs/22").symlink_to("22.1.0")
    (tmp_path / "installs/23.0.0/bin").mkdir(parents=True)
    (tmp_path / "installs/24.0.0/bin").mkdir(parents=True)
    (tmp_path / "installs/24.0.0/bin/node").write_text("cannot be run")
    assert [each.version for each in installed([shelf, Shelf("n", tmp_path / "none")])] == ["22.1.0"]


def test_the_chosen_one_is_shown_and_the_usual_one_not(tmp_path: Path, this_machine: Machine) -> None:
    home = tmp_path / "home"
    usual = Node(tmp_path / "usual/bin/node", "20.0.0", "path", None)
    machine = Machine(this_machine.bubblewrap, this_machine.python, node=usual, trees=(tmp_path / "usual",))
    tree = put(home, "nvm", npm=True)
    (chosen,) = installed(shelves({}, home))
    seen = with_node(machine, chosen, home)
    assert (seen.trees, seen.tools, dict(seen.scripts)) == ((tree,), (tree / "bin",), {})
    assert seen.node is not None and (seen.node.version, seen.node.source) == ("22.1.0", "nvm")


def test_one_without_npm_gets_the_usual_ones(tmp_path: Path, this_machine: Machine) -> None:
    npm = tmp_path / "usual/lib/node_modules/npm/bin/npm-cli.js"
    usual = Node(tmp_path / "usual/bin/node", "20.0.0", "path", npm, "10.0.0")
    machine = Machine(this_machine.bubblewrap, this_machine.python, node=usual, trees=(tmp_path / "usual",))
    tree = put(tmp_path / "home", "volta")
    (chosen,) = installed(shelves({}, tmp_path / "home"))
    seen = with_node(machine, chosen, tmp_path / "home")
    assert set(seen.trees) == {tree, npm.parent.parent}
    assert seen.scripts == {"npm": npm, "npx": npm.parent / "npx-cli.js"}


@pytest.mark.parametrize("wish", ["22.9.9", "../22.1.0", "/etc", "v22.1.0", "22"])
def test_only_what_is_installed_can_be_asked_for(tmp_path: Path, this_machine: Machine, wish: str) -> None:
    put(tmp_path, "nvm")
    nodes = Nodes(shelves({}, tmp_path), tmp_path)
    with pytest.raises(NotFound, match="not installed"):
        nodes.machine(this_machine, wish)
    assert nodes.machine(this_machine, "") is this_machine


@pytest.fixture
async def sandboxes(tmp_path: Path, machine: Machine, ground: Ground) -> AsyncIterator[Sandboxes]:
    nodes = Nodes(shelves({}, tmp_path / "ann"), tmp_path / "ann")
    async with aclosing(Sandboxes(machine, ground, nodes=nodes)) as opened:
        await opened.start()
        yield opened


async def test_a_sandbox_sees_it_read_only_and_nothing_beside_it(tmp_path: Path, sandboxes: Sandboxes) -> None:
    tree = put(tmp_path / "ann", "nvm", npm=True)
    program(tree.parent / "v18.0.0/bin/node", "true")
    (tmp_path / "ann/.nvm/secret").write_text("hers")
    made = await sandboxes.create(Creation("base", metadata={NODE_WISH: "22.1.0"}))
    first = sandboxes.cell(made.sandbox_id)
    inside = Path(f"/proc/{processes_of(first.pid)}/root")
    assert (inside / str(tree).lstrip("/") / "bin/node").is_file()
    assert not (inside / str(tmp_path / "ann/.nvm/secret").lstrip("/")).exists()
    assert not (inside / str(tree.parent / "v18.0.0").lstrip("/")).exists()
    flags = [line.split() for line in (inside.parent / "mountinfo").read_text().splitlines()]
    (mount,) = [words for words in flags if words[4] == str(tree)]
    assert "ro" in mount[5].split(",")
    path = (inside.parent / "environ").read_bytes().split(b"\0")
    assert any(each.startswith(b"PATH=") and f":{tree}/bin:".encode() in each for each in path)
    # its files outlive its processes, and it sees the same again
    await sandboxes.pause(made.sandbox_id)
    await sandboxes.resume(made.sandbox_id, 60, restore=False)
    again = Path(f"/proc/{processes_of(sandboxes.cell(made.sandbox_id).pid)}/root")
    assert (again / str(tree).lstrip("/") / "bin/node").is_file()


async def test_a_version_that_went_away_is_told_and_no_sandbox_made(sandboxes: Sandboxes) -> None:
    with pytest.raises(NotFound, match=r"22\.1\.0"):
        await sandboxes.create(Creation("base", metadata={NODE_WISH: "22.1.0"}))
    assert sandboxes.registry.all() == ()


def processes_of(pid: int) -> int:
    """The first process inside the jail: the innermost child of what the host started."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid
