"""Control groups: v1, v2 and both are told apart, and limits go where the controllers are."""

from __future__ import annotations

from pathlib import Path

from localazure.machines.nspawn.cgroups import MachineCgroups, Tree, mounted_trees

HYBRID = """\
30 29 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
PURE = "30 29 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_hybrid_has_v2_first_then_the_named_tree():
    trees = mounted_trees(HYBRID)
    assert [tree.mount.name for tree in trees] == ["unified", "systemd", "cpu", "memory"]
    assert trees[2].controllers == {"cpu"}
    assert not MachineCgroups("one", "m", trees).pure_v2


def test_pure_v2_is_one_tree():
    trees = mounted_trees(PURE)
    assert trees == (Tree(Path("/sys/fs/cgroup"), frozenset(), True),)
    assert MachineCgroups("one", "m", trees).pure_v2


def plant(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content)


def test_v2_passes_controllers_down_and_limits_the_guest(tmp_path):
    for part in ("", "localazure-one", "localazure-one/m"):
        plant(tmp_path / part, {"cgroup.controllers": "cpu cpuset memory pids", "cgroup.subtree_control": "memory"})
    guest = tmp_path / "localazure-one/m/guest"
    plant(guest.parent, {"cpuset.cpus.effective": "0-3,6"})
    # What a smaller size left: its own processors say nothing of those that there are.
    plant(guest, {"memory.max": "max", "cpu.max": "max 100000", "cpuset.cpus": "0", "cpuset.cpus.effective": "0"})
    MachineCgroups("one", "m", (Tree(tmp_path, frozenset(), True),)).create(cpus=2, memory_mib=1024)
    assert (guest / "memory.max").read_text() == str(1024**3)
    assert (guest / "cpu.max").read_text() == "200000 100000"
    assert (guest / "cpuset.cpus").read_text() == "0,1"
    assert (tmp_path / "localazure-one/m/cgroup.subtree_control").read_text() == "+cpu +cpuset +pids"


def test_v1_cpusets_below_a_guest_grow_and_shrink_with_it(tmp_path):
    tree = Tree(tmp_path, frozenset({"cpuset"}), False)
    machine = tmp_path / "localazure-one/m"
    for folder, cpus in ((tmp_path, "0-3"), (machine.parent, "0-3"), (machine, "0-3"), (machine / "guest", "0"),
                         (machine / "guest/run", "0"), (machine / "supervisor", "0-3")):  # fmt: skip
        plant(folder, {"cpuset.cpus": cpus, "cpuset.mems": "0"})
    groups = MachineCgroups("one", "m", (tree,))
    groups.create(cpus=3, memory_mib=512)
    assert [(machine / name / "cpuset.cpus").read_text() for name in ("guest", "guest/run")] == ["0,1,2", "0,1,2"]
    plant(machine / "guest/run", {"cpuset.cpus": "1-2"})  # a container that was given two of them
    groups.create(cpus=2, memory_mib=512)
    assert [(machine / name / "cpuset.cpus").read_text() for name in ("guest", "guest/run")] == ["0,1", "1"]


def test_v1_limits_are_the_controllers_own_files(tmp_path):
    memory, cpu = (Tree(tmp_path / name, frozenset({name}), False) for name in ("memory", "cpu"))
    plant(memory.mount / "localazure-one/m/guest", {"memory.limit_in_bytes": "-1"})
    plant(cpu.mount / "localazure-one/m/guest", {"cpu.cfs_quota_us": "-1"})
    MachineCgroups("one", "m", (memory, cpu)).create(cpus=1, memory_mib=512)
    assert (memory.mount / "localazure-one/m/guest/memory.limit_in_bytes").read_text() == str(512 * 1024**2)
    assert (cpu.mount / "localazure-one/m/guest/cpu.cfs_quota_us").read_text() == "100000"


def test_commands_go_beside_the_guests_own_groups(tmp_path):
    tree = Tree(tmp_path, frozenset(), True)
    (tmp_path / "localazure-one/m/guest/payload").mkdir(parents=True)
    (group,) = MachineCgroups("one", "m", (tree,)).make_run("7")
    assert group == tmp_path / "localazure-one/m/guest/payload/localazure-agent/7"
