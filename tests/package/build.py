"""Builds the installable app: dist/unseen-<version>.tar.gz and its checksum, from the sources and nothing else.

The same commit gives the same bytes, wherever it is checked out: no path of the build is in the program, and the archive
has sorted names, the commit's time, and no owner. `splunk_app/` is copied and left as it is.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import elf
import licenses
from checks import CHECKS, App
from report import Report

ROOT = Path(__file__).resolve().parent.parent.parent
NATIVE = "x86_64-unknown-linux-gnu"
# Where splunkd looks for the program of a command, as commands.conf.spec has it; aarch64 has no folder of its own.
FOLDERS = {
    "x86_64-unknown-linux-gnu": "linux_x86_64/bin",
    "x86_64-unknown-linux-musl": "linux_x86_64/bin",
    "i686-unknown-linux-gnu": "linux_x86/bin",
    "i686-unknown-linux-musl": "linux_x86/bin",
    "aarch64-unknown-linux-gnu": "bin",
    "aarch64-unknown-linux-musl": "bin",
}
NO_FOLDER = (
    "Splunk documents no platform folder for aarch64 (commands.conf.spec: linux_x86_64, linux_x86, windows_x86_64, windows_x86,\n"
    "darwin_x86_64), so the program goes to bin/, where splunkd looks last. Nobody has run this package in Splunk."
)


class Stop(Exception):
    """Why no package can be made, and what to do about it."""


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode:
        raise Stop(f"{' '.join(words)}:\n{done.stderr.strip()}")
    return done.stdout


def cargo_metadata(target):
    return json.loads(run("cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={target}", cwd=ROOT))


def build(target, metadata):
    """The release program for the target, static, without a path of this machine."""
    sysroot = run("rustc", "--print=sysroot", cwd=ROOT).strip()
    if not Path(sysroot, "lib/rustlib", target, "lib").is_dir():
        remedy = f"rustup target add {target} (and a linker for it, with CARGO_TARGET_<TRIPLE>_LINKER naming it)"
        raise Stop(f"this Rust has no standard library for {target}: {remedy}")
    cargo_home = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
    # Of several prefixes that fit rustc takes the last: the widest comes first.
    remapped = {str(Path.home()): "home", str(ROOT): "unseen", cargo_home: "cargo", sysroot: "rust", metadata["target_directory"]: "target"}
    flags = ["-Ctarget-feature=+crt-static", *(f"--remap-path-prefix={path}={name}" for path, name in remapped.items())]
    environment = {**os.environ, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    done = subprocess.run(["cargo", "build", "--locked", "--release", "--bin=unseen", f"--target={target}"], cwd=ROOT, env=environment)
    if done.returncode:
        raise Stop("cargo build failed")
    return Path(metadata["target_directory"], target, "release", "unseen")


def stage(program, folder, metadata, target, into):
    """A copy of the app with the program and the licences of what is linked into it."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(ROOT / "splunk_app", into, symlinks=True)
    (into / folder).mkdir(parents=True)
    shutil.copyfile(program, into / folder / "unseen")
    (into / "LICENSES").mkdir(exist_ok=True)
    (into / "LICENSES" / "third-party.txt").write_text(licenses.notices(metadata), encoding="utf-8")
    for path in [into, *into.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent == into / folder else 0o644)


def archive(staged, to, time):
    """The app as a gzipped tar whose bytes hang on the files' names, contents and modes, and on the time."""
    tar = subprocess.run(
        ["tar", "--format=ustar", "--sort=name", f"--mtime=@{time}", "--owner=0", "--group=0", "--numeric-owner", "-cf", "-", staged.name],
        cwd=staged.parent, env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE, check=True,
    )
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as out:
        subprocess.run(["gzip", "-n", "-9"], input=tar.stdout, stdout=out, check=True)
    return hashlib.sha256(to.read_bytes()).hexdigest()


def source_date():
    """SOURCE_DATE_EPOCH if it is set, else the time of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    try:
        return int(run("git", "log", "-1", "--format=%ct", cwd=ROOT))
    except (Stop, OSError) as error:
        raise Stop("not a git checkout: set SOURCE_DATE_EPOCH to the release's time in epoch seconds") from error


def paths_inside(program, metadata):
    """Directories of this machine that the program still names."""
    data = program.read_bytes()
    mine = {str(Path.home()), str(ROOT), metadata["target_directory"], "/root/", "/home/", "/.cargo/"}
    return [f"names {path}" for path in sorted(mine) if len(path) > 1 and path.encode() in data]


def links(program, target):
    try:
        image = elf.read(program)
    except elf.NotElf:
        return ["not an ELF program"]
    complaints = [f"needs {library}" for library in image.needed + ([image.interpreter] if image.interpreter else [])]
    return complaints + ([] if target.startswith(image.machine) else [f"made for {image.machine}"])


def getinfo(command):
    """splunkd's first request to a command, as one frame."""
    searchinfo = {"args": ["user", "command"], "raw_args": ["user", "command"], "command": command, "app": "unseen", "sid": "1", "splunk_version": "10.4.2"}
    metadata = json.dumps({"action": "getinfo", "preview": False, "searchinfo": searchinfo}).encode()
    return b"chunked 1.0,%d,0\n" % len(metadata) + metadata


def answers_alone(program, commands):
    """Asks each command for its getinfo in a root folder that holds the program and nothing else."""
    jail = program.parents[2].parent / "jail"
    shutil.rmtree(jail, ignore_errors=True)
    jail.mkdir()
    shutil.copy(program, jail / "program")
    enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
    complaints = []
    for command, kind in commands.items():
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        try:
            done = subprocess.run([*enter, str(jail), "/program"], input=getinfo(command), capture_output=True, env={"PATH": path}, timeout=20)
        except subprocess.TimeoutExpired:
            complaints.append(f"{command}: no answer in 20 seconds")
            continue
        head, _, body = done.stdout.partition(b"\n")
        try:
            lengths = [int(number) for number in head.removeprefix(b"chunked 1.0,").split(b",")]
            reply = json.loads(body)
            well_framed = head.startswith(b"chunked 1.0,") and lengths == [len(body), 0]
        except ValueError:
            reply, well_framed = {}, False
        if done.returncode or not well_framed or reply.get("type") != kind:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            complaints.append(f"{command}: exit {done.returncode}, expected type {kind}, said: {said[:300]}")
    shutil.rmtree(jail)
    return complaints


def runs_here(target):
    return target.split("-")[0] == os.uname().machine


def package(target, report):
    if target not in FOLDERS:
        raise Stop(
            f"{target} is not supported. Linux on x86_64 is what ships; {', '.join(sorted(FOLDERS))} can be made.\n"
            "Windows would need `unseen.exe` in commands.conf, and macOS cannot be linked statically."
        )
    if FOLDERS[target] == "bin":
        print(NO_FOLDER)
    metadata = cargo_metadata(target)
    version = next(crate["version"] for crate in metadata["packages"] if crate["name"] == "unseen")
    time = source_date()
    program = build(target, metadata)
    name = f"unseen-{version}" + ("" if target == NATIVE else f"-{target}")
    work = Path(metadata["target_directory"], "package", target)
    staged, path = work / "unseen", ROOT / "dist" / f"{name}.tar.gz"
    stage(program, FOLDERS[target], metadata, target, staged)
    staged_program = staged / FOLDERS[target] / "unseen"

    report.check("no path of this machine is in the program", paths_inside(staged_program, metadata), f"{staged_program.stat().st_size:,} bytes")
    report.check("the program links nothing", links(staged_program, target), f"{target}, static")
    if runs_here(target):
        report.check("in an empty root folder the program answers getinfo", answers_alone(staged_program, {"seen": "reporting", "unseen": "events"}))
    else:
        report.note(f"this machine is no {target.split('-')[0]}: the program was not run")
    refused = licenses.refused(metadata)
    report.check("everything linked in may be passed on", refused, f"{len(licenses.linked(metadata))} crates")
    app = App(staged, packaged=True)
    complaints = [complaint for check in CHECKS for complaint in check(app)]
    report.check("the app passes our checks", complaints, f"{len(CHECKS)} checks, one by one in make inspect")

    digest = archive(staged, path, time)
    again = work / "again"
    stage(program, FOLDERS[target], metadata, target, again / "unseen")
    repeated = archive(again / "unseen", again / path.name, time)
    report.check("packed twice, the archive is the same", [] if digest == repeated else [f"{digest} and {repeated}"], digest[:16])
    shutil.rmtree(again)
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    if report.failed:
        path.unlink()
        path.with_name(path.name + ".sha256").unlink()
    else:
        report.note(f"dist/{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    whole = Report()
    try:
        package(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else NATIVE, whole)
    except Stop as stop:
        sys.exit(f"no package: {stop}")
    whole.finish()
