"""What the suites need: the binary, and the clients as their registries have them."""

import os
import pathlib
import shutil
import subprocess
import sys

from server import HERE, ROOT

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CLIENTS = ROOT / "target" / "clients"
SUITES = HERE / "suites"
DATA = pathlib.Path(os.environ.get("GREVY_DATA", ROOT.parent / "shared" / "acceptance")) / "zbctl"


def binary(profile="dev"):
    """Absolute: servers run in folders of their own."""
    given = os.environ.get("GREVY_BIN")
    if given:
        return str(pathlib.Path(given).resolve())
    command = ["cargo", "build", "-p", "grevy-cli", "--profile", profile]
    subprocess.run(command, cwd=ROOT, check=True)
    return str(TARGET.resolve() / ("debug" if profile == "dev" else profile) / "grevy")


def example(package, name):
    """An example program of a crate: in GREVY_EXAMPLES, or built."""
    if os.environ.get("GREVY_EXAMPLES"):
        return str(pathlib.Path(os.environ["GREVY_EXAMPLES"]).resolve() / name)
    command = ["cargo", "build", "--quiet", "-p", package, "--example", name]
    subprocess.run(command, cwd=ROOT, check=True)
    return str(TARGET / "debug" / "examples" / name)


def python():
    """GREVY_PYTHON has what requirements.txt names, or an environment is made that has."""
    if os.environ.get("GREVY_PYTHON"):
        return os.environ["GREVY_PYTHON"]
    found, stamp = CLIENTS / "py" / "bin" / "python", CLIENTS / "py.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not found.exists() or not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", CLIENTS / "py"], check=True)
        install = [found, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return str(found)


def node():
    """What package.json names; its scripts are not run."""
    stamp, wanted = CLIENTS / "package.json", (HERE / "package.json").read_text()
    if not (CLIENTS / "node_modules").exists() or stamp.read_text() != wanted:
        CLIENTS.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        subprocess.run(command, cwd=CLIENTS, check=True)
    # Modules are found from the folder that holds the scripts.
    scripts = CLIENTS / "suites"
    shutil.rmtree(scripts, ignore_errors=True)
    shutil.copytree(SUITES, scripts)
    return scripts
