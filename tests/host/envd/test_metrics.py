import subprocess

from craft_desktop.host.envd.metrics import Metrics
from craft_desktop.host.envd.state import State


def test_processor_use_is_a_mean(tmp_path: object) -> None:
    state = State()
    state.adopt({"users": {"user": {"home": str(tmp_path)}}, "defaultUser": "user"})
    now = 0.0
    metrics = Metrics(state, lambda: now)
    with subprocess.Popen(
        ["/bin/sh", "-c", "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; echo; read x"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        now = 10.0
        first = metrics.read()
        now = 20.0
        second = metrics.read()
        child.kill()
    # reading costs this process itself some ticks
    assert first["cpu_used_pct"] > 2 * second["cpu_used_pct"]
    assert first["mem_used"] > 0
