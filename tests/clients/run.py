#!/usr/bin/env python3
"""Real clients against a real server. Each suite gets a server of its own on free ports.

    tests/clients/run.py [SUITE…]      all suites, or those whose name contains a word given

The binary is GREVY_BIN, or is built. Clients are installed into target/clients by the ordinary
package clients, unmodified. Ends with `N passed, N failed`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

import abuse
import lifecycle
from install import CLIENTS, DATA, SUITES, binary, node, python
from seed import seed
from server import HERE, MODELS, Server

def environment(server):
    return {**os.environ, "GRPC": server.grpc, "REST": server.rest, "MODELS": str(MODELS),
            "DATA": str(DATA)}


def script(command, options=(), before=None):
    def test(grevy):
        with Server(grevy, *options) as server:
            given = environment(server)
            if before:
                given["SEED"] = json.dumps(before(server))
            done = subprocess.run(command(), env=given, timeout=300, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            log = (server.folder / "server.log").read_text()
        print(done.stdout[-6_000:], end="")
        if done.returncode:
            raise AssertionError(f"ended with {done.returncode}\n--- server\n{log[-4_000:]}")
        bugs = [line for line in log.splitlines() if " ERROR " in line]
        assert not bugs, f"the server logged errors: {bugs[:5]}"
    return test


def js(name, *arguments, before=None):
    return script(lambda: ["node", str(node() / name), *arguments], before=before)


def py(name, *arguments, before=None):
    return script(lambda: [python(), str(SUITES / name), *arguments], before=before)


def load(command):
    return lambda grevy: lifecycle.kill_minus_nine(grevy, command())


def maven(name, mode):
    """Compiled once into target/; Maven finds the client."""
    words = ["mvn", "-q", "-B", "-f", str(HERE / name), f"-DbuildFolder={CLIENTS / name}"]
    return [*words, "compile", "exec:java", f"-Dexec.args={mode}"]


def java(mode, name="java"):
    return script(lambda: maven(name, mode))


def oauth(command):
    """Clients that ask for a token first, as their SDKs do unless they are told not to."""
    def test(grevy):
        name = "whole-story"
        made, file = lifecycle.tokens(grevy, tempfile.mkdtemp(), (name, "--role", "admin"))
        with Server(grevy, "--config", file) as server:
            own = {"CLIENT_ID": name, "CLIENT_SECRET": made[name],
                   "CACHE": str(server.folder / "credentials")}
            done = subprocess.run(command(), env={**environment(server), **own}, timeout=300,
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(done.stdout[-6_000:], end="")
            assert done.returncode == 0, f"ended with {done.returncode}"
    return test


def zbctl(grevy):
    if not DATA.exists():
        if os.environ.get("GREVY_DATA_REQUIRED"):
            raise AssertionError(f"expected the golden cases in {DATA}, but there are none")
        print(f"not run: zbctl: no folder {DATA}")
        return
    os.environ["ZBCTL"] = str(node().parent / "node_modules" / "zbctl" / "bin" / "zbctl-cli.linux")
    os.chmod(os.environ["ZBCTL"], 0o755)
    # A server answers before its partitions have read the journal, and says that they are not well.
    py("zbctl_golden.py", before=lifecycle.ready)(grevy)


TESTS = {
    "pyzeebe_polling": py("pyzeebe_suite.py", "poll"),
    "pyzeebe_streaming": py("pyzeebe_suite.py", "stream"),
    "camunda_orchestration_sdk": py("rest_python.py"),
    "schemathesis": py("schemathesis_suite.py"),
    "zeebe_node": js("zeebe_node.cjs"),
    "camunda_sdk_grpc": js("camunda_sdk.cjs", "grpc"),
    "camunda_sdk_stream": js("camunda_sdk.cjs", "stream"),
    "camunda_sdk_rest": js("camunda_sdk.cjs", "rest"),
    "orchestration_cluster_api": js("orchestration_cluster_api.mjs"),
    "reads_camunda_orchestration_sdk": py("reads_python.py", before=seed),
    "reads_camunda_sdk": js("reads_sdk.cjs", before=seed),
    "reads_orchestration_cluster_api": js("reads_oca.mjs", before=seed),
    "java_polling": java("poll"),
    "java_streaming": java("stream"),
    "java_rest": java("rest", "java-rest"),
    "java_newer_grpc": java("grpc", "java-rest"),
    "oauth_java": oauth(lambda: maven("java-rest", "rest")),
    "oauth_camunda_sdk_rest": oauth(lambda: ["node", str(node() / "camunda_sdk.cjs"), "rest"]),
    "oauth_camunda_sdk_grpc": oauth(lambda: ["node", str(node() / "camunda_sdk.cjs"), "grpc"]),
    "zbctl": zbctl,
    "bad_input": py("bad_input.py"),
    "kill_minus_nine_pyzeebe": load(lambda: [python(), str(SUITES / "load.py")]),
    "kill_minus_nine_camunda_sdk": load(lambda: ["node", str(node() / "load.mjs"), "sdk"]),
    "kill_minus_nine_orchestration_cluster_api":
        load(lambda: ["node", str(node() / "load.mjs"), "oca"]),
    **{name: test for module in (lifecycle, abuse) for name, test in vars(module).items()
       if name.startswith("test_")},
}


def main():
    words = sys.argv[1:]
    grevy, passed, failed = binary(), 0, 0
    for name, test in TESTS.items():
        if words and not any(word in name for word in words):
            continue
        since = time.monotonic()
        try:
            test(grevy)
            passed += 1
            print(f"test {name} ... ok ({time.monotonic() - since:.1f} s)", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAILED {name} ({time.monotonic() - since:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
