import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any

from tests.host.envd.driver import Driver, Ran, envelope, eventually, frames, next_data


async def test_output_exit_code_and_first_event(daemon: Driver) -> None:
    ran = await daemon.run("echo out; echo err >&2; exit 3")
    assert (ran.stdout, ran.stderr) == (b"out\n", b"err\n")
    assert ran.pid > 0
    assert ran.end == {"exitCode": 3, "exited": True, "status": "exit status 3", "error": "exit status 3"}
    assert ran.error is None


async def test_success_says_no_error(daemon: Driver) -> None:
    ran = await daemon.run("true")
    assert ran.end == {"exited": True, "status": "exit status 0"}


async def test_environment_is_clean(daemon: Driver) -> None:
    ran = await daemon.run("env", process={"cmd": "/usr/bin/env", "args": [], "envs": {"OWN": "2"}})
    names = dict(line.split("=", 1) for line in ran.stdout.decode().splitlines())
    assert names == {
        "PATH": os.environ["PATH"],
        "HOME": str(daemon.home),
        "USER": "user",
        "LOGNAME": "user",
        "FROM_SANDBOX": "1",
        "OWN": "2",
    }


async def test_no_descriptor_is_inherited(daemon: Driver) -> None:
    ran = await daemon.run("", process={"cmd": "/bin/ls", "args": ["/proc/self/fd"]})
    assert ran.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder that ls reads


async def test_other_user_has_other_home(daemon: Driver) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(b"root:").decode()}
    ran = await daemon.run("echo $HOME $USER; pwd", basic)
    home = f"{daemon.home}/root"
    assert ran.stdout.decode().split() == [home, "root", home]


async def test_unknown_user_is_unauthenticated(daemon: Driver) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(b"nobody-here:").decode()}
    ran = await daemon.run("true", basic)
    assert ran.error == {"code": "unauthenticated", "message": "invalid username: 'nobody-here'"}


async def test_working_directory(daemon: Driver) -> None:
    (daemon.home / "sub dir").mkdir()
    for asked in ("sub dir", "~/sub dir", f"{daemon.home}/sub dir"):
        ran = await daemon.run("pwd", process={"cwd": asked})
        assert ran.stdout.decode().strip() == f"{daemon.home}/sub dir"


async def test_missing_directory_and_command(daemon: Driver) -> None:
    ran = await daemon.run("true", process={"cwd": "gone"})
    assert ran.error == {"code": "invalid_argument", "message": f"cwd '{daemon.home}/gone' does not exist"}
    ran = await daemon.run("", process={"cmd": "/no/such/program"})
    assert ran.error is not None
    assert ran.error["code"] == "invalid_argument"


async def test_signal_ends_with_minus_one(daemon: Driver) -> None:
    async with daemon.start("sleep 100") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        assert (await daemon.proc("SendSignal", process={"pid": pid}, signal="SIGNAL_SIGKILL")) == (200, {})
        end = (await anext(events))["event"]["end"]
    assert end == {"exitCode": -1, "status": "signal: killed", "error": "signal: killed"}
    status, answer = await daemon.proc("SendSignal", process={"pid": pid}, signal="SIGNAL_SIGKILL")
    assert (status, answer["code"]) == (404, "not_found")


async def test_kill_leaves_children_and_does_not_wait_for_them(daemon: Driver) -> None:
    async with daemon.start("sleep 100 & echo $!; wait") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        child = int(await next_data(events))
        await daemon.proc("SendSignal", process={"pid": pid}, signal="SIGNAL_SIGKILL")
        assert "end" in (await anext(events))["event"]
    assert Path(f"/proc/{child}").exists()
    assert (await daemon.proc("List")) == (200, {"processes": []})


async def test_background_child_holds_the_command(daemon: Driver) -> None:
    async with daemon.start("(read line < pipe; echo late) & echo early", process={"cwd": "~"}) as events:
        os.mkfifo(daemon.home / "pipe")
        assert await next_data(events) == b"early\n"
        _, listed = await daemon.proc("List")
        assert len(listed["processes"]) == 1
        await asyncio.to_thread((daemon.home / "pipe").write_text, "go\n")
        assert await next_data(events) == b"late\n"
        assert "end" in (await anext(events))["event"]


async def test_standard_input(daemon: Driver) -> None:
    async with daemon.start("cat; echo done", stdin=True) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        text = base64.b64encode(b"hello\n").decode()
        assert await daemon.proc("SendInput", process={"pid": pid}, input={"stdin": text}) == (200, {})
        assert await next_data(events) == b"hello\n"
        assert await daemon.proc("CloseStdin", process={"pid": pid}) == (200, {})
        assert await next_data(events) == b"done\n"
        assert await daemon.proc("CloseStdin", process={"pid": pid}) in [(200, {}), (404, _not_found(pid))]


def _not_found(pid: int) -> dict[str, str]:
    return {"code": "not_found", "message": f"process with pid {pid} not found"}


async def test_no_input_unless_asked_for(daemon: Driver) -> None:
    assert (await daemon.run("readlink /proc/self/fd/0")).stdout == b"/dev/null\n"
    async with daemon.start("sleep 100") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        status, answer = await daemon.proc("SendInput", process={"pid": pid}, input={"stdin": "aGk="})
        assert (status, answer["code"]) == (500, "internal")
        status, answer = await daemon.proc("CloseStdin", process={"pid": pid})
        assert (status, answer["code"]) == (500, "internal")


async def test_large_input_waits_for_its_reader(daemon: Driver) -> None:
    async with daemon.start("read first; cat | wc -c", stdin=True) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        data = base64.b64encode(b"go\n" + b"x" * 1_000_000).decode()
        assert await daemon.proc("SendInput", process={"pid": pid}, input={"stdin": data}) == (200, {})
        await daemon.proc("CloseStdin", process={"pid": pid})
        assert await next_data(events) == b"1000000\n"


async def test_blocked_input_ends_with_its_process(daemon: Driver) -> None:
    async with daemon.start("sleep 100", stdin=True) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        data = base64.b64encode(b"x" * 1_000_000).decode()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(daemon.proc("SendInput", process={"pid": pid}, input={"stdin": data}))
            await daemon.proc("SendSignal", process={"pid": pid}, signal="SIGNAL_SIGKILL")
        status, _ = sending.result()
        assert status in (404, 500)  # killed before or after the input had begun


async def test_stream_input(daemon: Driver) -> None:
    async with daemon.start("cat", stdin=True) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        messages: tuple[dict[str, Any], ...] = (
            {"start": {"process": {"pid": pid}}},
            {"data": {"input": {"stdin": base64.b64encode(b"one ").decode()}}},
            {"keepalive": {}},
            {"data": {"input": {"stdin": base64.urlsafe_b64encode(b"two\n").decode()}}},
        )
        body = b"".join(envelope(message) for message in messages)
        headers = daemon.headers({"Content-Type": "application/connect+json"})
        async with daemon.http.post("/process.Process/StreamInput", data=body, headers=headers) as response:
            assert response.status == 200
            assert [message async for message in frames(response.content)] == [{}, {"__end__": {}}]
        heard = b""
        while heard != b"one two\n":
            heard += await next_data(events)


async def test_list_tells_what_was_asked(daemon: Driver) -> None:
    process = {"cwd": "~", "envs": {"A": "b"}}
    async with daemon.start("sleep 100", process=process, tag="mine") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        _, listed = await daemon.proc("List")
        config = {"cmd": "/bin/bash", "args": ["-l", "-c", "sleep 100"], "envs": {"A": "b"}, "cwd": "~"}
        assert listed == {"processes": [{"config": config, "pid": pid, "tag": "mine"}]}


async def test_process_outlives_its_client(daemon: Driver) -> None:
    async with daemon.start("while [ ! -e go ]; do sleep 0.01; done; echo new; exit 4", tag="dev") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
    _, listed = await daemon.proc("List")
    assert [process["pid"] for process in listed["processes"]] == [pid]
    async with daemon.stream("process.Process/Connect", {"process": {"tag": "dev"}}) as events:
        assert (await anext(events))["event"]["start"]["pid"] == pid
        (daemon.home / "go").touch()
        ran = await Ran.of(_again(pid, events))
    assert (ran.stdout, ran.end and ran.end["exitCode"]) == (b"new\n", 4)
    # The end can still be asked for a while, by either name.
    for selector in ({"pid": pid}, {"tag": "dev"}):
        async with daemon.stream("process.Process/Connect", {"process": selector}) as events:
            late = await Ran.of(events)
        assert (late.pid, late.stdout, late.end) == (pid, b"", ran.end)


async def _again(pid: int, events):  # type: ignore[no-untyped-def]
    yield {"event": {"start": {"pid": pid}}}
    async for event in events:
        yield event


async def test_connect_to_nothing(daemon: Driver) -> None:
    async with daemon.stream("process.Process/Connect", {"process": {"pid": 1}}) as events:
        ran = await Ran.of(events)
    assert ran.error == {"code": "not_found", "message": "process with pid 1 not found"}


async def test_deadline_kills_and_says_so(daemon: Driver) -> None:
    ran = await daemon.run("echo begun; exec sleep 100", {"Connect-Timeout-Ms": "300"})
    assert (ran.stdout, ran.end) == (b"begun\n", None)
    assert ran.error is not None
    assert ran.error["code"] == "deadline_exceeded"
    assert not Path(f"/proc/{ran.pid}").exists()


async def test_deadline_holds_without_a_client(daemon: Driver) -> None:
    async with daemon.start("exec sleep 100", {"Connect-Timeout-Ms": "300"}) as events:
        pid = (await anext(events))["event"]["start"]["pid"]
    await eventually(lambda: not Path(f"/proc/{pid}").exists(), "the process is gone")


async def test_the_deadline_of_a_joined_client_ends_its_stream_alone(daemon: Driver) -> None:
    async with daemon.start("sleep 100") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        late = {"Connect-Timeout-Ms": "200"}
        async with daemon.stream("process.Process/Connect", {"process": {"pid": pid}}, late) as joined:
            ran = await Ran.of(joined)
        assert ran.error is not None and ran.error["code"] == "deadline_exceeded"
        _, listed = await daemon.proc("List")
        assert [process["pid"] for process in listed["processes"]] == [pid]


async def test_keepalive_in_silence(daemon: Driver) -> None:
    ran = await daemon.run("sleep 1.5", {"Keepalive-Ping-Interval": "1"})
    assert ran.keepalives == 1


async def test_slow_client_loses_nothing_and_memory_is_bounded(daemon: Driver) -> None:
    total = 64 * 1024 * 1024
    _, before = daemon.memory()
    async with daemon.start(f"head -c {total} /dev/zero; touch written") as events:
        await anext(events)
        first = await next_data(events)
        # Nobody reads now: the process must come to a halt rather than fill the daemon's memory.
        _, listed = await daemon.proc("List")
        assert len(listed["processes"]) == 1
        assert not (daemon.home / "written").exists()
        size = len(first)
        async for message in events:
            size += len(base64.b64decode(message.get("event", {}).get("data", {}).get("stdout", "")))
    _, after = daemon.memory()
    assert size == total
    assert after - before < 8 * 1024 * 1024


async def test_output_without_a_client_is_dropped(daemon: Driver) -> None:
    async with daemon.start("head -c 10000000 /dev/zero; touch finished") as events:
        await anext(events)
    await eventually((daemon.home / "finished").exists, "the process was not held up")


async def test_terminal(daemon: Driver) -> None:
    process = {"cmd": "/bin/bash", "args": ["-i", "-l"], "envs": {"TERM": "dumb", "PS1": ""}}
    async with daemon.start("", process=process, pty={"size": {"cols": 90, "rows": 33}}) as events:
        pid = (await anext(events))["event"]["start"]["pid"]

        async def type_line(text: str, answer: bytes) -> None:
            data = base64.b64encode(text.encode() + b"\n").decode()
            assert await daemon.proc("SendInput", process={"pid": pid}, input={"pty": data}) == (200, {})
            heard = b""
            while answer not in heard:
                heard += await next_data(events, "pty")

        await type_line("echo size=$(stty size); tty", b"size=33 90")
        assert await daemon.proc("Update", process={"pid": pid}, pty={"size": {"cols": 120, "rows": 40}}) == (200, {})
        await type_line("echo size=$(stty size)", b"size=40 120")
        status, answer = await daemon.proc("SendInput", process={"pid": pid}, input={"stdin": "aGk="})
        assert (status, answer["code"]) == (500, "internal")
        data = base64.b64encode(b"exit 7\n").decode()
        await daemon.proc("SendInput", process={"pid": pid}, input={"pty": data})
        ends = [message["event"]["end"] async for message in events if "end" in message.get("event", {})]
    assert ends[0]["exitCode"] == 7


async def test_bad_requests(daemon: Driver) -> None:
    requests: tuple[dict[str, Any], ...] = (
        {},
        {"process": {"cmd": ""}},
        {"process": {"cmd": "ls", "args": [1]}},
        {"process": {"cmd": "ls", "envs": {"A": 1}}},
        {"process": {"cmd": "ls", "args": ["\0"]}},
        {"process": {"cmd": "ls"}, "pty": {"size": {"cols": "x"}}},
    )
    for message in requests:
        async with daemon.stream("process.Process/Start", message) as events:
            ran = await Ran.of(events)
        assert ran.error is not None, message
        assert ran.error["code"] == "invalid_argument", json.dumps(message)
    for message, code in (({"process": {"tag": "none"}}, "not_found"), ({}, "invalid_argument")):
        _, answer = await daemon.call("process.Process/SendSignal", message)
        assert answer["code"] == code


async def test_a_kill_is_answered_when_the_process_is_gone(daemon: Driver) -> None:
    for _ in range(20):
        async with daemon.start("sleep 100") as events:
            pid = (await anext(events))["event"]["start"]["pid"]
            selector = {"pid": pid}
            assert await daemon.proc("SendSignal", process=selector, signal="SIGNAL_SIGKILL") == (200, {})
            assert not Path(f"/proc/{pid}").exists()
            assert (await daemon.proc("SendSignal", process=selector, signal="SIGNAL_SIGKILL"))[0] == 404
