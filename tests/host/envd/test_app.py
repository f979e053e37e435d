from pathlib import Path

from tests.host.envd.driver import TOKEN, Driver, running_daemon


async def test_before_init(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, init=False) as daemon:
        async with daemon.http.get("/health") as response:
            assert response.status == 204
        for path in ("/files?path=x", "/metrics", "/envs"):
            async with daemon.http.get(path, headers=daemon.headers()) as response:
                assert response.status == 503
        assert (await daemon.call("process.Process/List", {}))[0] == 503
        assert await daemon.init(defaultUser="ghost") == 400
        assert await daemon.init() == 204
        assert await daemon.call("process.Process/List", {}) == (200, {"processes": []})


async def test_second_init_changes_what_it_names(daemon: Driver) -> None:
    document = {"envVars": {"MORE": "2"}, "accessToken": "another"}
    async with daemon.http.post("/init", json=document) as response:
        assert response.status == 401
    async with daemon.http.post("/init", json=document, headers=daemon.headers()) as response:
        assert response.status == 204
    assert (await daemon.call("process.Process/List", {}))[0] == 401
    daemon.token = "another"
    async with daemon.http.get("/envs", headers=daemon.headers()) as response:
        assert await response.json() == {"FROM_SANDBOX": "1", "MORE": "2"}


async def test_token_is_asked_for(daemon: Driver) -> None:
    daemon.token = None
    status, answer = await daemon.call("process.Process/List", {})
    message = "unauthorized access, please provide a valid access token or method signing if supported"
    assert (status, answer) == (401, {"code": 401, "message": message})
    for path in ("/metrics", "/envs", "/anything"):
        async with daemon.http.get(path) as response:
            assert response.status == 401
    async with daemon.http.get("/health") as response:
        assert response.status == 204


async def test_metrics(daemon: Driver) -> None:
    # Held in one process and seen by its answer: the kernel counts a few pages late.
    async with daemon.start('held=$(head -c 20000000 /dev/zero | tr "\\0" x); echo held; sleep 100; true') as events:
        async for event in events:
            if "data" in event["event"]:
                break
        async with daemon.http.get("/metrics", headers=daemon.headers()) as response:
            metrics = await response.json()
    assert metrics["mem_total"] > metrics["mem_used"] > 20_000_000
    assert metrics["disk_total"] > metrics["disk_used"] > 0
    assert metrics["cpu_count"] >= 1


async def test_refusals(daemon: Driver) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("POST", "/health", 405),
        ("GET", "/init", 405),
        ("PUT", "/files", 405),
        ("GET", "/process.Process/List", 405),
    ):
        async with daemon.http.request(method, path, headers={"X-Access-Token": TOKEN}) as response:
            assert (response.status, (await response.json())["code"]) == (status, status)
    async with daemon.http.post("/init", data=b"[", headers=daemon.headers()) as response:
        assert response.status == 400
    async with daemon.http.post("/process.Process/List", data=b"x", headers=daemon.headers()) as response:
        assert response.status == 415
