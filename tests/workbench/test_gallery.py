"""Images with a real host: what they hold, who may start from them, when they are taken and when they go."""

import asyncio
import dataclasses
import time

import pytest

from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.settings import Settings
from craft_desktop.sandbox.command import LAST_END
from craft_desktop.sandbox.profile import Profile
from craft_desktop.store.images import Image
from craft_desktop.workbench import gallery as module
from craft_desktop.workbench.folder import read_folder
from craft_desktop.workbench.gallery import place_of, provider_of
from craft_desktop.workbench.tenancy import Tenancy
from tests.workbench.conftest import LIMIT_S, House

FILES = "mkdir -p project/node_modules project/.next; echo secret > project/.env; echo deps > project/node_modules/dep"


async def imaged(house: House, project: Project, key: str = "key") -> Tenancy:
    """Rent, use and keep an image, as a first start does."""
    tenancy = await house.landlord.rent(house.connection, project, {}, key)
    await tenancy.sandbox.run(FILES)
    await house.landlord.installed(tenancy, key, 12.0)
    house.landlord.keep_image(tenancy, key, tell=house.told.append)
    await house.until_told("Kept the dependencies for later starts")
    return tenancy


async def test_a_second_start_begins_with_the_image(house: House) -> None:
    project = house.project("one")
    first = await imaged(house, project)
    assert (first.origin, first.holds, first.note) == (Origin.TEMPLATE, None, "")
    await house.landlord.release(first)
    second = await house.landlord.rent(house.connection, project, {}, "key")
    assert (second.origin, second.holds) == (Origin.IMAGE, "key")
    assert "saves about 12 s" in second.note
    assert (await second.sandbox.run("cat project/node_modules/dep")).stdout == "deps\n"
    assert not second.reused
    await house.landlord.release(second)


async def test_nobody_else_begins_with_a_projects_own_image(house: House) -> None:
    one, other = house.project("one"), house.project("other")
    await house.landlord.release(await imaged(house, one))
    tenancy = await house.landlord.rent(house.connection, other, {}, "key")
    assert tenancy.origin is Origin.TEMPLATE
    assert (await tenancy.sandbox.run("ls -A project")).exit_code != 0
    again = await house.landlord.rent(house.connection, one, {}, "another key")
    assert again.origin is Origin.TEMPLATE


@pytest.mark.node
async def test_an_image_for_all_holds_what_was_installed_and_nothing_of_the_first_project(house: House) -> None:
    parts = {"dependencies": {"is-number": "7.0.0"}}
    one, other = house.project("one", **parts), house.project("other", **parts)
    key = read_folder(one.path).dependency_key
    assert read_folder(other.path).dependency_key == key
    first = await house.landlord.rent(house.connection, one, {}, key, envs={"TOKEN": "hidden"})
    # Its code changes what others would run.
    await first.sandbox.run(
        f"{FILES}; mkdir project/node_modules/is-number; echo evil > project/node_modules/is-number/x"
    )
    await house.landlord.installed(first, key, 3.0)
    house.landlord.keep_image(first, key, tell=house.told.append)
    await house.until_told("for other projects")
    await house.landlord.release(first)
    second = await house.landlord.rent(house.connection, other, {}, key)
    assert (second.origin, second.holds) == (Origin.IMAGE, key)
    there = await second.sandbox.run("find . -mindepth 1 | sort")
    package = "./project/node_modules/is-number"
    assert set(there.stdout.split()) == {
        f"./{LAST_END}",  # how our own install ended
        "./project",
        "./project/node_modules",
        "./project/node_modules/.package-lock.json",
        package,
        *(f"{package}/{name}" for name in ("LICENSE", "README.md", "index.js", "package.json")),
    }
    assert (await second.sandbox.run("node -p \"require('./project/node_modules/is-number')(3)\"")).stdout == "true\n"
    assert [row.project_id for row in await house.ledger.open_rows(Provider.LOCAL)] == [other.id]
    await house.landlord.release(second)
    # One that has a say in its own install gets none.
    own = house.project("own", scripts={"postinstall": "true"}, **parts)
    third = await house.landlord.rent(house.connection, own, {}, key)
    assert third.origin is Origin.TEMPLATE


async def test_no_image_is_taken_while_somebody_works(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.2)
    tenancy = await house.landlord.rent(house.connection, house.project("one"), {}, "key")
    used_at = asyncio.get_running_loop().time()

    def idle_s() -> float:
        return asyncio.get_running_loop().time() - used_at

    house.landlord.keep_image(tenancy, "key", idle_s=idle_s, tell=house.told.append)
    for _ in range(10):
        await asyncio.sleep(0.1)  # the person types
        used_at = asyncio.get_running_loop().time()
    assert await house.images.all(tenancy.asked.place) == ()
    await house.until_told("Kept")
    assert len(await house.snapshots()) == 1


async def test_one_image_a_day_of_the_same_dependencies(house: House) -> None:
    project = house.project("one")
    await house.landlord.release(await imaged(house, project))
    (image,) = await house.images.all(place_of(house.connection.profile, {}))
    second = await house.landlord.rent(house.connection, project, {}, "key")
    house.landlord.keep_image(second, "key", tell=house.told.append)
    async with asyncio.timeout(LIMIT_S):
        while len(house.owner):
            await asyncio.sleep(0.02)
    assert (await house.images.all(image.place))[0].name == image.name
    assert len(await house.snapshots()) == 1


async def test_an_old_image_is_replaced(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    project = house.project("one")
    await house.landlord.release(await imaged(house, project))
    (old,) = await house.snapshots()
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    second = await house.landlord.rent(house.connection, project, {}, "key")
    await second.sandbox.run("echo newer > project/node_modules/newer")
    house.told.clear()
    house.landlord.keep_image(second, "key", tell=house.told.append)
    await house.until_told("Kept")
    async with asyncio.timeout(LIMIT_S):
        while old in await house.snapshots():
            await asyncio.sleep(0.02)
    await house.landlord.release(second)
    third = await house.landlord.rent(house.connection, project, {}, "key")
    assert (await third.sandbox.run("cat project/node_modules/newer")).stdout == "newer\n"
    assert "saves about 12 s" in third.note  # as long as the install took that nobody had to repeat


async def test_an_image_that_does_not_start_is_dropped_once(house: House) -> None:
    project = house.project("one")
    await house.landlord.release(await imaged(house, project))
    (name,) = await house.snapshots()
    await house.connection.delete_snapshot(name)
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    assert (tenancy.origin, tenancy.holds) == (Origin.TEMPLATE, None)
    assert "could not be used and were dropped" in tenancy.note
    await house.landlord.release(tenancy)
    assert await house.images.all(tenancy.asked.place) == ()
    again = await house.landlord.rent(house.connection, project, {}, "key")
    assert (again.origin, again.note) == (Origin.TEMPLATE, "")
    assert len(await house.ledger.open_rows(Provider.LOCAL)) == 1


async def test_an_image_of_another_node_is_dropped(house: House) -> None:
    project = house.project("one")
    first = await imaged(house, project)
    await house.landlord.release(first)
    (image,) = await house.images.all(first.asked.place)
    await house.images.forget(image.name)
    other = dataclasses.replace(image, node="1.2.3")
    await house.images.ask(other)
    await house.images.made(other.name, image.snapshot_id or "", image.size_bytes)
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    assert tenancy.origin is Origin.TEMPLATE
    assert "installed with Node.js 1.2.3" in tenancy.note
    assert await house.snapshots() == []
    assert [row.nonce for row in await house.ledger.open_rows(Provider.LOCAL)] == [tenancy.nonce]


async def test_a_run_that_distrusts_its_image_drops_it(house: House) -> None:
    project = house.project("one")
    first = await imaged(house, project)
    assert not await house.landlord.distrust(first)
    await house.landlord.release(first)
    second = await house.landlord.rent(house.connection, project, {}, "key")
    assert await house.landlord.distrust(second)
    assert await house.snapshots() == []
    assert (await second.sandbox.run("cat project/node_modules/dep")).stdout == "deps\n"  # it runs on


async def test_a_snapshot_of_a_sandbox_that_ends_leaves_nothing(house: House) -> None:
    project = house.project("one")
    for turns in range(0, 40, 4):
        tenancy = await house.landlord.rent(house.connection, project, {}, "key")
        await tenancy.sandbox.run("mkdir -p project; seq 3000 | xargs -I{} touch project/{}")
        house.landlord.keep_image(tenancy, f"key {turns}", tell=house.told.append)
        await asyncio.sleep(turns / 400)
        await house.landlord.release(tenancy)
        async with asyncio.timeout(LIMIT_S):
            while len(house.owner):
                await asyncio.sleep(0.01)
    finished = {image.name for image in await house.images.all(place_of(house.connection.profile, {}))}
    assert set(await house.snapshots()) == finished


async def test_snapshots_without_a_row_and_rows_without_a_snapshot_go(house: House) -> None:
    project = house.project("one")
    first = await imaged(house, project)
    (kept,) = await house.snapshots()
    lost = f"craft-{house.installation}-lost"
    for name in (lost, "the-persons-own", "craft-ffffffffffff-elsewhere"):
        await first.sandbox.snapshot(name)
    now = time.time()
    gone = Image(f"craft-{house.installation}-gone", first.asked.place, "k", project.id, "1", 1.0, now, now)
    await house.images.ask(gone)
    await house.images.made(gone.name, "local/gone:default", 1)
    await house.gallery.reconcile(house.connection, [project.id])
    assert set(await house.snapshots()) == {kept, "the-persons-own", "craft-ffffffffffff-elsewhere"}
    assert [image.name for image in await house.images.all(first.asked.place)] == [kept]
    # The project is taken off the list: what holds its files goes.
    await house.gallery.reconcile(house.connection, [])
    assert kept not in await house.snapshots()


async def test_a_removed_projects_images_go(house: House) -> None:
    one, other = house.project("one"), house.project("other")
    await imaged(house, one)
    house.told.clear()
    await imaged(house, other)
    await house.gallery.forget(house.connection, one.id)
    (image,) = await house.images.all(place_of(house.connection.profile, {}))
    assert image.project_id == other.id
    assert await house.snapshots() == [image.name]


class TestWithoutRoom:
    @pytest.fixture
    async def settings(self) -> Settings:
        return Settings(images_gb=0)

    async def test_nothing_is_kept(self, house: House) -> None:
        tenancy = await house.landlord.rent(house.connection, house.project("one"), {}, "key")
        house.landlord.keep_image(tenancy, "key", tell=house.told.append)
        assert len(house.owner) == 0
        assert await house.snapshots() == []


def test_places_are_told_apart() -> None:
    here = Profile(Provider.LOCAL, "key", "localhost:1", "http://127.0.0.1:2")
    assert place_of(here, {}) == "local base"
    assert place_of(here, {"isolation": "none"}) == "local base isolation=none"
    cloud = Profile(Provider.E2B, "key")
    assert (provider_of(cloud), place_of(cloud, {})) == ("e2b e2b.app", "e2b e2b.app base")
    own = Profile(Provider.E2B, "key", api_url="https://api.example.com", template="mine")
    assert place_of(own, {}) == "e2b https://api.example.com mine"


async def test_who_is_kept_again_after_a_discard_is_left_as_any_other(house: House) -> None:
    tenancy = await house.landlord.rent(house.connection, house.project("one"), {}, "key")
    house.landlord.keep_image(tenancy, "key", idle_s=lambda: 0.0)
    await house.gallery.discard(house.connection, tenancy.nonce, tenancy.asked.project.id)
    house.landlord.keep_image(tenancy, "key", idle_s=lambda: 0.0)
    for _ in range(5):  # the first one's end is told meanwhile, and is not the second one's
        await asyncio.sleep(0)
    house.gallery.leave(tenancy.nonce)
    async with asyncio.timeout(LIMIT_S):
        while len(house.owner):
            await asyncio.sleep(0.01)
    assert not house.gallery.is_waiting(tenancy.nonce)
    await house.landlord.release(tenancy)
