"""Builds everything once and hands it down by constructor; closes it in the opposite order."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from craft_desktop.logs import open_log
from craft_desktop.model.errors import SettingError
from craft_desktop.model.project import Provider
from craft_desktop.paths import Paths
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import Pages
from craft_desktop.sandbox.cancellation import keep_cancellations_quiet
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.store.autostart import Autostart, own_command
from craft_desktop.store.environment import EnvironmentStore
from craft_desktop.store.images import ImageStore
from craft_desktop.store.installation import installation_name
from craft_desktop.store.ledger import Ledger
from craft_desktop.store.options import OptionStore
from craft_desktop.store.projects import ProjectStore
from craft_desktop.store.runs import RunStore
from craft_desktop.store.secrets import SecretStore
from craft_desktop.tasks import Owner
from craft_desktop.workbench.gallery import Gallery
from craft_desktop.workbench.housekeeping import Housekeeping
from craft_desktop.workbench.memory import Memory
from craft_desktop.workbench.places import Places
from craft_desktop.workbench.tenancy import Landlord
from craft_desktop.workbench.workbench import Workbench

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def open_workbench(paths: Paths) -> AsyncIterator[Workbench]:
    """Give the workbench; on the way out every project is stopped and every sandbox on this computer is gone.

    :raises SettingError: the program's own folders cannot be made.
    :raises GatewayError: no port for the preview addresses.
    """
    try:
        paths.prepare()
    except OSError as error:
        raise SettingError(
            "The program's own folders cannot be made",
            f"{error.filename or paths.state}: {error.strerror or error}",
            "Make room on the disk or make the folder writable; CRAFT_DESKTOP_HOME names another place.",
        ) from error
    keep_cancellations_quiet(asyncio.get_running_loop())
    redactor = open_log(paths.logs)
    options = OptionStore(paths.settings)
    autostart = Autostart(paths.autostart, own_command())
    if options.settings.open_at_login and not autostart.is_on:
        # A person switched it off in the desktop's own settings.
        try:
            options.change("open_at_login", False)
        except SettingError as error:  # the box is ticked for once too long; nothing else hangs on it
            _log.warning("%s: %s", error.problem.title, error.problem.detail)
    projects = ProjectStore(paths.state)
    secrets = SecretStore()
    installation = installation_name(paths.state)
    async with contextlib.AsyncExitStack() as stack:
        ledger = await asyncio.to_thread(Ledger, paths.state)
        stack.push_async_callback(ledger.aclose)
        images = await asyncio.to_thread(ImageStore, paths.state)
        stack.push_async_callback(images.aclose)
        runs = await asyncio.to_thread(RunStore, paths.state)
        stack.push_async_callback(runs.aclose)
        owner = await stack.enter_async_context(Owner("workbench"))
        host = LocalHost(paths.state / "host")
        stack.push_async_callback(host.aclose)
        gateway = await stack.enter_async_context(
            Gateway(options.settings.preview_port, Pages(paths.resources / "pages"))
        )
        places = Places(host, options, secrets, redactor)
        gallery = Gallery(images, owner, lambda: options.settings, installation)
        landlord = Landlord(ledger, gallery, owner, installation, lambda: options.settings.pool_size)
        stack.push_async_callback(landlord.aclose)
        housekeeping = Housekeeping(
            ledger, landlord, gallery, runs, places.connection, lambda: [project.id for project in projects.all()]
        )
        workbench = Workbench(
            paths,
            options,
            projects,
            secrets,
            EnvironmentStore(paths.state, secrets),
            places,
            landlord,
            gateway,
            runs,
            housekeeping,
            owner,
            redactor,
            autostart,
            Memory(paths.state, owner),
        )
        stack.push_async_callback(workbench.aclose)
        gateway.on_activity = workbench.touch_slug
        gateway.on_failed = workbench.insight.note_failed
        gateway.on_hot_reload = workbench.insight.note_hot_reload
        owner.start(housekeeping.run(), name="housekeeping")
        default = options.settings.provider
        is_local = any((project.provider or default) is Provider.LOCAL for project in projects.all())
        owner.start(places.warm(is_wanted=is_local), name="warm")
        owner.start(workbench.reaper.run(), name="reaper")
        owner.start(workbench.insight.meter.run(), name="meter")
        yield workbench
