"""What the scripts of the field test share: the list of public projects, fetching one, laying it
out as a work tree, and running a program over it."""

import csv
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Larger files are neither migrations nor build files; mirrors often lack them.
LARGEST_OTHER_FILE = 1 << 20
TIMEOUT = 300  # seconds


class Failure(Exception):
    """Why a project could not be checked, for people."""


def git(directory, *arguments, data=None):
    """The output of git as bytes; raises Failure with what git said."""
    command = ["git", f"--git-dir={directory}", *arguments]
    done = subprocess.run(command, input=data, capture_output=True)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failure(f"git {arguments[0]}: {words[-1] if words else done.returncode}")
    return done.stdout


def repository(name, cache):
    """A git directory that holds the repository `owner/name`: a mirror, or the cached clone."""
    owner, _, short = name.partition("/")
    mirrors = os.environ.get("MIGCHECK_FIELD_MIRRORS")
    if mirrors:
        for spelled in (f"{owner}+{short}", f"{owner}__{short}", name):
            for ending in ("/repo", "", ".git", "/.git"):
                found = Path(mirrors) / f"{spelled}{ending}"
                if (found / "objects").is_dir():
                    return found
        raise Failure(f"no mirror of {name} in {mirrors}")
    clone = cache / f"{owner}+{short}.git"
    if not clone.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        half = cache / f"{owner}+{short}.half"
        shutil.rmtree(half, ignore_errors=True)
        url = f"https://github.com/{name}"
        command = ["git", "clone", "--quiet", "--bare", "--filter=blob:limit=1m", url, str(half)]
        if subprocess.run(command).returncode != 0:
            raise Failure(f"cannot clone {url}")
        half.rename(clone)
    return clone


def check_out(directory, commit, wanted, into):
    """Writes `commit` into `into` as a work tree: all that lies below the folder `wanted`, and
    the files of the folders above it, where build files and configuration are. Large files that
    are not SQL are left out, and so are links and submodules."""
    into.mkdir()
    above = {""}
    parts = wanted.split("/")
    above.update("/".join(parts[:end]) for end in range(1, len(parts)))
    files = []
    for entry in git(directory, "ls-tree", "-r", "-z", commit).split(b"\0"):
        if not entry:
            continue
        about, path = entry.split(b"\t", 1)
        mode, kind, blob = about.split()
        path = os.fsdecode(path)
        is_near = wanted == "." or path.startswith(wanted + "/") or path.rpartition("/")[0] in above
        if kind == b"blob" and mode != b"120000" and is_near:
            files.append((blob, path))
    batch = subprocess.Popen(
        ["git", f"--git-dir={directory}", "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def ask():
        with batch.stdin as pipe:
            pipe.writelines(blob + b"\n" for blob, _ in files)

    asking = threading.Thread(target=ask)
    asking.start()
    for _, path in files:
        answer = batch.stdout.readline().split()
        if answer[-1] == b"missing":
            if path.endswith(".sql"):
                raise Failure(f"the mirror lacks {path}")
            continue
        data = batch.stdout.read(int(answer[2]))
        batch.stdout.read(1)
        if len(data) <= LARGEST_OTHER_FILE or path.endswith(".sql"):
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    asking.join()
    batch.wait()
    # A repository around it, so that the folders above the migrations are looked at too.
    subprocess.run(["git", "init", "--quiet", str(into)], check=True)
    objects = Path(git(directory, "rev-parse", "--absolute-git-dir").decode().strip()) / "objects"
    (into / ".git/objects/info/alternates").write_text(f"{objects}\n")
    for arguments in (["update-ref", "HEAD", commit], ["read-tree", "HEAD"]):
        git(into / ".git", *arguments)


class Run:
    """What one program said, and how long it took in seconds (median)."""

    def __init__(self, command, runs, cwd):
        times = []
        for _ in range(runs):
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                began = time.perf_counter()
                # Waiting with a timeout polls, which rounds times up to the next 7, 16, 32 ms.
                process = subprocess.Popen(command, stdout=out, stderr=err, cwd=cwd)
                alarm = threading.Timer(TIMEOUT, process.kill)
                alarm.start()
                self.code = process.wait()
                times.append(time.perf_counter() - began)
                alarm.cancel()
                if times[-1] >= TIMEOUT:
                    raise Failure(f"took longer than {TIMEOUT} s")
                out.seek(0)
                err.seek(0)
                self.out = out.read()
                self.err = err.read().decode(errors="replace")
            if self.code not in (0, 1):
                break
        self.time = statistics.median(times)


def listed(path):
    """The rows of the list of projects, with empty words for what a row leaves out."""
    with open(path, newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield {name: value or "" for name, value in row.items()}


def laid_out(row, cache, scratch):
    """Writes the project of one row below the folder `scratch` and says where."""
    directory = repository(row["repository"], cache)
    root = scratch / "tree"
    shutil.rmtree(root, ignore_errors=True)
    check_out(directory, row["commit"], row["folder"], root)
    if row["config"]:
        # A home-grown layout is described as its project would do it.
        text = (HERE / "field-configs" / f"{row['config']}.toml").read_text()
        (root / "migcheck.toml").write_text(f'migrations = "{row["folder"]}"\n{text}')
    return root


def command_for(row, migcheck):
    """The command line that checks every migration of one row, to be run in its work tree."""
    command = [migcheck, "check", row["folder"], "--all", "--format", "json", "-q"]
    return command + row["options"].split()
