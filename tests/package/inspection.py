"""What Splunk's own tools, and ours, say of the built package.

Each tool lives in an environment of its own under target/inspect/, made once and again when its pinned list changes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import unittest
import venv
from concurrent.futures import ThreadPoolExecutor
from ctypes.util import find_library
from pathlib import Path

import check
from checks import FREE_NAMES, App
from report import Report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "inspect"

# The warnings that are no fault of ours. check_collections_conf fires for every app with a KV store; its remedy is "No action required".
EXPECTED_WARNINGS = {"check_collections_conf"}
# AppInspect takes an unknown tag for a tag without checks. Each run must have found at least so many checks to pass.
RUNS = {"precert": ([], 60), "cloud": (["cloud"], 60), "private_victoria": (["private_victoria"], 60), "future": (["future"], 12)}


class Stop(Exception):
    """What is missing, and how to get it."""


def need(present, package, what):
    """Installs a Debian package if it may, else names it."""
    if present():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], stdout=subprocess.DEVNULL, check=False)
    if not present():
        raise Stop(f"{what} is missing; on Debian: apt-get install {package}")


def venv_works():
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def environment(tool):
    """The folder with the tool's programs."""
    home = WORK / "env" / tool
    lists = [HERE / "requirements" / f"{name}.txt" for name in ("build", tool)]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in lists)).hexdigest() + f" python {sys.version_info[:2]}"
    mark = home / "installed"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"       installing {tool} into {home.relative_to(ROOT)}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        for path in lists:
            done = subprocess.run(
                [home / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-build-isolation", "-r", path],
                capture_output=True, text=True,
            )
            if done.returncode:
                raise Stop(f"{tool} cannot be installed:\n{done.stderr.strip()}")
        mark.write_text(wanted)
    return home / "bin"


def appinspect(programs, package, run):
    """(complaints, counts) of one AppInspect run; its JSON report stays in target/inspect/."""
    tags, least = RUNS[run]
    out = WORK / f"appinspect-{run}.json"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [programs / "splunk-appinspect", "inspect", package, "--mode", "precert", "--ci", "--skip-trusted-libraries-update", "--max-messages", "all",
         *(word for tag in tags for word in ("--included-tags", tag)), "--data-format", "json", "--output-file", out],
        capture_output=True, text=True, cwd=WORK,
    )
    if not out.exists():
        return [(done.stdout + done.stderr).strip()[-2000:]], ""
    report = json.loads(out.read_text(encoding="utf-8"))
    counts, complaints = report["summary"], []
    for group in report["reports"][0]["groups"]:
        for found in group["checks"]:
            if found["result"] in ("success", "not_applicable") or (found["result"] == "warning" and found["name"] in EXPECTED_WARNINGS):
                continue
            complaints.append(f"{found['result']}: {found['name']}: " + " ".join(message["message"] for message in found["messages"])[:400])
    if counts["success"] < least:
        complaints.append(f"only {counts['success']} checks passed, expected {least} or more: does AppInspect still know the tag?")
    told = ("error", "failure", "future_failure", "skipped", "warning", "success")
    return complaints, ", ".join(f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in told)


def slim(programs, app):
    """slim validates the app against the setting names we keep; its own lists are of 2017."""
    home = WORK / "slim"
    shutil.rmtree(home, ignore_errors=True)
    (home / "specs").mkdir(parents=True)
    for name, conf in app.keys.items():
        (home / "specs" / f"{name}.spec").write_text(spec(name, conf), encoding="utf-8")
    (home / ".config/slim").mkdir(parents=True)
    (home / ".config/slim/settings").write_text(f"[option]\nconfiguration_spec_path = {home / 'specs'}\n", encoding="utf-8")
    # It resolves an environment's python to find itself, so it is asked by name.
    done = subprocess.run([programs / "slim", "validate", app.root], capture_output=True, text=True, cwd=home, env={**os.environ, "HOME": str(home)})
    said = (done.stdout + done.stderr).splitlines()
    complaints = [line.strip() for line in said if any(mark in line for mark in ("[WARNING]", "[ERROR]", "[FATAL]"))]
    if done.returncode and not complaints:
        complaints = said[-5:]
    return complaints


def spec(name, conf):
    """A minimal spec file: every key under every stanza."""
    stanzas = conf["stanzas"] or ["<stanza>"]
    lines = ["@placement search-head"]
    for stanza in stanzas:
        free = ["<name> = <string>"] if FREE_NAMES.fullmatch(f"{name}/{stanza}") else []
        lines += [f"[{stanza}]", *free, *(f"{key} = <string>" for key in conf["keys"])]
    return "\n".join(lines) + "\n"


def ksconf(programs, app):
    files = [conf.path for conf in (*app.confs.values(), app.meta)]
    done = subprocess.run([programs / "ksconf", "check", "--quiet", *files], capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip().splitlines() if done.returncode else []
    return [line.strip() for line in said if line.startswith("Error")] or said


def inspect(report):
    packages = sorted(ROOT.glob("dist/unseen-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not packages:
        raise Stop("no package in dist/: make package")
    package = packages[-1]
    report.note(f"{package.relative_to(ROOT)}")
    need(venv_works, "python3-venv", "Python's venv")
    need(lambda: find_library("magic"), "libmagic1", "libmagic, which AppInspect reads files with,")
    WORK.mkdir(parents=True, exist_ok=True)
    tools = {tool: environment(tool) for tool in ("appinspect", "slim", "ksconf")}

    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    told = package.with_name(package.name + ".sha256").read_text().split()
    report.check("the checksum beside the package is its own", [] if told == [digest, package.name] else [f"it says {told}"])

    unpacked = WORK / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(package) as files:
        owners = {(member.uid, member.gid, member.mtime) for member in files}
        names = {member.name.split("/")[0] for member in files}
        files.extractall(unpacked)
    complaints = [] if names == {"unseen"} and len(owners) == 1 else [f"{names} {owners}"]
    report.check("the package is one folder, owned by nobody in particular, of one time", complaints)
    app = App(unpacked / "unseen", packaged=True)

    with ThreadPoolExecutor(2) as pool:
        reports = pool.map(lambda run: appinspect(tools["appinspect"], package, run), RUNS)
        for run, (complaints, counts) in zip(RUNS, reports, strict=True):
            report.check(f"AppInspect {run}", complaints, counts)
    report.check("slim validate", slim(tools["slim"], app))
    report.check("ksconf check", ksconf(tools["ksconf"], app), f"{len(app.confs) + 1} files")
    check.run(report, app)

    suite = unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py")
    with open(os.devnull, "w") as quiet:
        result = unittest.TextTestRunner(stream=quiet).run(suite)
    broken = [f"{test.id().split('.')[-1]}: {trace.strip().splitlines()[-1]}" for test, trace in result.failures + result.errors]
    report.check("each of our checks finds the fault it is there for", broken, f"{result.testsRun} tests")


if __name__ == "__main__":
    whole = Report()
    try:
        inspect(whole)
    except Stop as stop:
        sys.exit(f"no inspection: {stop}")
    whole.finish()
