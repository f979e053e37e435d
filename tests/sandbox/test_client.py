import subprocess
import sys

from craft_desktop.sandbox.client import client, foreign, load


async def test_the_client_is_loaded_once() -> None:
    await load()
    assert client() is sys.modules["e2b"]
    assert client().SandboxException in foreign() and foreign() is foreign()


def test_a_window_and_a_command_line_start_without_it() -> None:
    code = (
        "import sys, craft_desktop.__main__, craft_desktop.control.server\n"
        "sys.stderr.write(', '.join({'e2b', 'httpx', 'connectrpc', 'protobuf'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not told.stderr.strip() and told.returncode == 0, told.stderr
