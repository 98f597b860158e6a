"""A server process of its own for each suite: free ports, a folder that goes with it."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE / "models"


class Server:
    """Starts `grevy`; its addresses are read from the lines that it prints."""

    def __init__(self, binary, *options, folder=None, environment=None, before=None):
        self.binary, self.options = binary, options
        self.owned = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="grevy-clients-"))
        self.environment = {**os.environ, **(environment or {})}
        self.before = before
        self.start()

    def start(self, grpc_port=0, http_port=0):
        self.log = open(self.folder / "server.log", "ab")
        command = [self.binary, "--grpc-port", str(grpc_port), "--http-port", str(http_port),
                   "--data-dir", str(self.folder / "data"), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, env=self.environment, cwd=self.folder,
                                        preexec_fn=self.before)
        lines = [self.process.stdout.readline() for _ in range(4)]
        found = re.search(r"gRPC +(\S+)", "".join(lines))
        if not found:
            raise RuntimeError(f"the server printed {lines}; see {self.folder}/server.log")
        self.grpc = found.group(1)
        self.rest = re.search(r"REST +(\S+?)/v2", "".join(lines)).group(1)
        self.lines = lines

    def kill(self):
        """As a power cut would, but for the disk's cache."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        """On the ports it had, as clients expect."""
        grpc_port, http_port = self.grpc.rsplit(":", 1)[1], self.rest.rsplit(":", 1)[1]
        self.start(grpc_port, http_port)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.log.close()
        return code

    def call(self, method, path, body=None, headers=None, raw=None):
        """Status, body as JSON (None if there is none) and media type."""
        data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        headers = {"content-type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.rest + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text, media = answer.status, answer.read(), answer.headers["content-type"]
        except urllib.error.HTTPError as error:
            status, text, media = error.code, error.read(), error.headers["content-type"]
        try:
            return status, json.loads(text) if text else None, media
        except ValueError:
            return status, text.decode(), media

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            if self.owned:
                shutil.rmtree(self.folder, ignore_errors=True)
