"""The golden cases of zbctl that talk to a server, but that of forms."""

import json
import os
import pathlib
import re
import subprocess
import sys

GRPC, ZBCTL, DATA = os.environ["GRPC"], os.environ["ZBCTL"], pathlib.Path(os.environ["DATA"])
# Client only: help, version, the text of a failed TLS handshake (it names no server).
CLIENT_ONLY = {"print help", "print version", "missing insecure flag"}
LATER = ("deploy resources",)


def run(command, environment=None):
    # `go test` of zbctl gives the address by environment; a worker runs until it is stopped.
    host, port = GRPC.rsplit(":", 1)
    environment = {**os.environ, "ZEEBE_ADDRESS": f"{host}:{port}", **(environment or {})}
    if "worker" in command:
        return worker(command, environment)
    done = subprocess.run([ZBCTL, *command], cwd=DATA, env=environment, capture_output=True,
                          text=True, timeout=60)
    return done.stdout + done.stderr


def worker(command, environment):
    with subprocess.Popen([ZBCTL, *command], cwd=DATA, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "completed job" in line or len(lines) > 10:
                break
        process.terminate()
    return "".join(lines)


def plain(text):
    """Digits and versions are not compared."""
    text = re.sub(r"\d+\.\d+\.\d+(-[\w.]+)?", "VERSION", text)
    text = re.sub(r"(?m)^( +\"host\": +).*$", r"\1HOST", text)
    text = re.sub(r"Broker \d+ - \S+", "Broker HOST", text)
    text = re.sub(r"\d+", "0", text)
    return "".join(text.split())


def keys(text):
    return re.findall(r"\d{16,}", text)


def substituted(case, outputs):
    """Literal keys become those that the setup returned: the one that the command needs."""
    wanted = {"create instance with process key": "processDefinitionKey",
              "delete resource": "processDefinitionKey", "update job timeout": '"key"'}
    if case["name"] == "evaluate decision with decision key":
        key = r'"jedi_or_sith".*?"decisionKey": *"(\d+)"'
        [found] = re.findall(key, outputs[-1], re.S)
        return [found if word.isdigit() else word for word in case["cmd"]]
    field = wanted.get(case["name"])
    if field is None:
        return case["cmd"]
    last = outputs[-1]
    found = re.search(field.strip('"') + r'"?: *"(\d+)"', last) or re.search(r'(\d{16,})', last)
    return [re.sub(r"^\d{16,}$", found.group(1), word) for word in case["cmd"]]


def main():
    cases = json.loads((DATA / "CASES.json").read_text())
    passed, failed, skipped = 0, [], 0
    for case in cases:
        if case["name"] in CLIENT_ONLY or any(word in case["name"] for word in LATER):
            skipped += 1
            continue
        environment = case.get("env") or {}
        outputs = [run(command, environment) for command in case["setup"]]
        command = substituted(case, outputs)
        if case.get("useHostAndPort"):
            host, port = GRPC.rsplit(":", 1)
            command = [*command, "--host", host, "--port", port]
        found = run(command, environment)
        golden = (DATA / case["golden"]).read_text()
        if plain(found) == plain(golden):
            passed += 1
        else:
            failed.append(f"{case['name']}: {' '.join(command)}\n  expected {golden!r}\n"
                          f"  found    {found!r}")
    print("\n".join(failed))
    print(f"zbctl: {passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main())
