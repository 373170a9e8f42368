"""FolderLock: holds others off, lets go when its process dies, and needs no POSIX module on Windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from azext_dockervm.certs.lock import LOCK_FILE, FolderLock
from azext_dockervm.errors import CertificateFileError

PACKAGE = Path(sys.modules["azext_dockervm.certs.lock"].__file__).parent.parent

# Runs code with the extension's modules but without its loader, which needs azure-cli.
BARE = f"""
import sys, types
package = types.ModuleType("azext_dockervm")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["azext_dockervm"] = package
"""


def run_bare(code: str, *arguments) -> str:
    result = subprocess.run([sys.executable, "-c", BARE + textwrap.dedent(code), *map(str, arguments)],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_second_holder_waits_and_then_gives_up_saying_who_is_to_blame(tmp_path):
    with FolderLock(tmp_path):
        begun = time.monotonic()
        with pytest.raises(CertificateFileError, match="Another process") as refusal:
            FolderLock(tmp_path, wait=0.2).__enter__()
        assert 0.2 <= time.monotonic() - begun < 2
        assert str(tmp_path / LOCK_FILE) in refusal.value.message
    with FolderLock(tmp_path, wait=0):
        pass


def test_a_second_holder_gets_it_as_soon_as_the_first_lets_go(tmp_path):
    order = []

    def second():
        with FolderLock(tmp_path):
            order.append("second")

    with FolderLock(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_holder_holds_nobody_off(tmp_path):
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        with FolderLock(tmp_path):
            os.write(writable, b"x")
            time.sleep(60)
        os._exit(0)
    os.read(readable, 1)
    os.close(readable)
    os.close(writable)
    with pytest.raises(CertificateFileError):
        FolderLock(tmp_path, wait=0).__enter__()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with FolderLock(tmp_path, wait=1):
        pass


def test_the_lock_is_let_go_of_when_the_block_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), FolderLock(tmp_path):
        raise ZeroDivisionError
    with FolderLock(tmp_path, wait=0):
        pass


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(CertificateFileError, match=str(tmp_path / "none")):
        FolderLock(tmp_path / "none").__enter__()


def test_without_posix_modules_the_windows_lock_is_used(tmp_path):
    said = run_bare("""
        for name in ("fcntl", "pwd", "grp"):
            sys.modules[name] = None  # importing them fails, as on Windows
        held = set()
        class msvcrt:
            LK_NBLCK, LK_UNLCK = 2, 0
            @staticmethod
            def locking(descriptor, mode, size):
                import os
                assert size == 1 and os.lseek(descriptor, 0, os.SEEK_CUR) == 0
                inode = os.fstat(descriptor).st_ino
                if mode == msvcrt.LK_UNLCK:
                    held.remove(inode)
                elif inode in held:
                    raise PermissionError(13, "Permission denied")
                else:
                    held.add(inode)
        sys.modules["msvcrt"] = msvcrt
        from pathlib import Path
        from azext_dockervm.certs.lock import FolderLock
        from azext_dockervm.certs.store import CertificateStore
        from azext_dockervm.errors import CertificateFileError
        folder = Path(sys.argv[1])
        store = CertificateStore(folder / "certs")
        print(store.ensure().created, store.ensure().created, store.replace().created, store.state().problem, held)
        with FolderLock(folder):
            try:
                FolderLock(folder, wait=0.1).__enter__()
            except CertificateFileError as error:
                print(error)
        with FolderLock(folder, wait=0):
            pass
    """, tmp_path)
    first, second = said.splitlines()
    assert first == "True False True None set()"
    assert second.startswith("Another process")


def test_importing_the_store_loads_nothing_heavy_and_nothing_posix(tmp_path):
    said = run_bare("""
        before = set(sys.modules)
        import azext_dockervm.certs.store, azext_dockervm.certs.identity, azext_dockervm.secret
        print(sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
        from azext_dockervm.certs.store import CertificateStore
        CertificateStore(sys.argv[1])
        print("cryptography" in sys.modules)
    """, tmp_path)
    loaded, heavy = said.splitlines()
    assert heavy == "False"
    assert not {"cryptography", "fcntl", "ssl", "asyncio", "azure", "msvcrt"} & set(eval(loaded))
