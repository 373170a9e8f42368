"""Runs inside a guest: reads one job from standard input, runs its script in a folder of its own, cleans up.

The text of this file is handed to the guest's python3; it uses the standard library alone. A job, as JSON:
    {"name": str, "script": str, "environment": {name: value}, "user": str|null, "root": folder or "" for "/",
     "timeout": seconds or null}
Exit status: the script's; 128 + n when signal n ended it; 126 when the job could not be started (stderr says why); 124
after `timeout`, when the script is killed and what it has started goes on, as with the genuine handler of run commands.
"""

import json
import os
import pwd
import shutil
import signal
import sys

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main():
    job = json.load(sys.stdin.buffer)
    os.umask(0o077)
    user = pwd.getpwnam(job["user"]) if job["user"] else None
    base = "/var/lib/waagent/run-command-handler/download"
    if user is not None:
        # /var/lib/waagent is closed to users; the genuine handler takes the user's home as well.
        base = os.path.join(user.pw_dir, "waagent-run-command-handler-runas")
    folder = os.path.join(job["root"] + base, job["name"])
    os.makedirs(folder, mode=0o700, exist_ok=True)
    script = os.path.join(folder, "script.sh")
    with open(script, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(job["script"])
    os.chmod(script, 0o700)
    if user is not None:
        for path in (os.path.dirname(folder), folder, script):
            os.chown(path, user.pw_uid, user.pw_gid)
    try:
        status = wait_for(start(job, folder, script, user), job["timeout"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


def start(job, folder, script, user):
    """The child that becomes the script; it leads a session, so that its children can be told from others."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        home, name = ("/root", "root") if user is None else (user.pw_dir, user.pw_name)
        environment = {"PATH": PATH, "HOME": home, "USER": name, "LOGNAME": name, "SHELL": "/bin/sh", "LANG": "C.UTF-8"}
        if job["root"]:
            environment["PATH"] = os.environ["PATH"]
        environment.update(job["environment"])
        os.chdir(folder)
        if user is not None:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        os.umask(0o022)
        argv = [script] if job["script"].startswith("#!") else ["/bin/bash", script]
        os.execve(argv[0], argv, environment)
    except OSError as error:
        os.write(2, f"the script could not be started: {error}\n".encode())
    os._exit(126)


def wait_for(pid, timeout):
    late = []

    def kill(*_):
        late.append(True)
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, timeout or 0)
    _, status = os.waitpid(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if late:
        return 124
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


main()
