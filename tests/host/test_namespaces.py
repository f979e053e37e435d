import subprocess
from pathlib import Path

from craft_desktop.host.machine import Machine
from craft_desktop.host.namespaces import Holder, Overlay, enter_argv, hold_argv, lay_argv, resolver, slirp_argv

HOLDER = Holder("/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/mount")


def test_a_network_is_made_only_when_private() -> None:
    assert "--net" in hold_argv(HOLDER, (), ["true"], private=True)
    assert "--net" not in hold_argv(HOLDER, (), ["true"], private=False)


def test_the_persons_loopback_stays_out_of_reach() -> None:
    argv = slirp_argv("slirp4netns", 7, 3, 4, hardened=True)
    assert {"--disable-host-loopback", "--exit-fd=4", "--ready-fd=3", "--enable-seccomp"} <= set(argv)
    assert "--enable-seccomp" not in slirp_argv("slirp4netns", 7, 3, 4, hardened=False)


def test_the_resolver_keeps_search_domains_and_no_server() -> None:
    assert resolver("nameserver 127.0.0.53\nsearch a b\noptions edns0\n\n#x\n").splitlines() == [
        "nameserver 10.0.2.3",
        "search a b",
        "options edns0",
    ]


def test_a_holder_waits_and_then_becomes_the_command(held: Machine, tmp_path: Path) -> None:
    assert held.holder is not None
    odd = tmp_path / "a 'b' $c"
    odd.mkdir()
    argv = hold_argv(held.holder, (odd,), ["/bin/sh", "-c", "grep -c shared: /proc/self/mountinfo >&2"], private=False)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        assert process.poll() is None
        told, complaint = process.communicate(b"\n", timeout=10)
    assert (told, complaint.strip(), process.returncode) == (b"", b"1", 0)


def test_a_holder_whose_host_ends_ends(held: Machine, tmp_path: Path) -> None:
    assert held.holder is not None
    argv = hold_argv(held.holder, (tmp_path,), ["/bin/touch", str(tmp_path / "ran")], private=True)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.communicate(timeout=10)
    assert process.returncode == 1
    assert not (tmp_path / "ran").exists()


def test_overlays_are_laid_one_after_the_other() -> None:
    overlays = [Overlay(("a/home", "b/home"), "u", "w", "t"), Overlay(("a/tmp",), "u2", "w2", "t2")]
    argv = lay_argv(HOLDER, Path("/state/snapshots"), overlays)
    assert argv[4:] == ["/state/snapshots", "/usr/bin/mount", "a/home:b/home", "u", "w", "t", "a/tmp", "u2", "w2", "t2"]
    assert "userxattr" in argv[2] and "nodev" in argv[2]
    assert enter_argv(HOLDER, 7, ["x"])[-5:] == ["--mount", "--target", "7", "--", "x"]
    assert enter_argv(HOLDER, 7, ["x"], space="net")[-5:] == ["--net", "--target", "7", "--", "x"]
