"""The server itself: its first lines, who may call, how it starts, is killed and stops."""

import base64
import concurrent.futures
import fcntl
import http.client
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import ssl
import struct
import subprocess
import tempfile
import termios
import urllib.parse
import urllib.request

import install
from server import MODELS, ROOT, Server

SIMPLE = (MODELS / "simple.bpmn").read_bytes()


def form(*files):
    """A multipart deployment."""
    parts = [f'--b\r\ncontent-disposition: form-data; name="resources"; filename="{name}"\r\n\r\n'
             .encode() + content + b"\r\n" for name, content in files]
    return b"".join(parts) + b"--b--\r\n", {"content-type": "multipart/form-data; boundary=b"}


def deploy(server, *files, **headers):
    raw, media = form(*files)
    return server.call("POST", "/v2/deployments", raw=raw, headers={**media, **headers})


def grevy_command(grevy, server, *words):
    done = subprocess.run([grevy, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "GREVY_ADDRESS": server.rest})
    return done.returncode, done.stdout, done.stderr


def test_four_lines_and_a_clean_end(grevy):
    with Server(grevy) as server:
        words = [line.split()[0] for line in server.lines]
        assert words[0] in ("console", "API") and words[1:] == ["gRPC", "REST", "data"], words
        assert server.call("GET", "/v2/status")[0] in (204, 503)
        page = urllib.request.urlopen(server.rest + "/api").read()
        assert b"Grevy API" in page
        document = server.call("GET", "/openapi.json")[1]
        assert "/v2/jobs/{jobKey}/completion" in document["paths"], list(document["paths"])
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=30) == 0
        rest = server.process.stdout.read()
        assert rest == "", f"standard output has four lines only, but also {rest!r}"


def test_data_is_found_again_after_a_stop_and_after_a_kill(grevy):
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        body = {"processDefinitionId": "simple", "variables": {"n": 1.50, "big": 12345678901234567890}}
        keys = []
        for end in (server.stop, server.kill):
            status, made, _ = server.call("POST", "/v2/process-instances", body)
            assert status == 200, made
            keys.append(made["processInstanceKey"])
            end()
            server.restart()
            ready(server)
        status, found, _ = server.call("POST", "/v2/jobs/activation", {
            "type": "work", "timeout": 60_000, "maxJobsToActivate": 10})
        assert status == 200 and {job["processInstanceKey"] for job in found["jobs"]} == set(keys)
        assert found["jobs"][0]["variables"]["big"] == 12345678901234567890


def test_after_a_kill_topology_answers_at_once_and_says_unhealthy_until_recovered(grevy):
    """The journal grows until reading it takes longer than an answer."""
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        start = {"processDefinitionId": "simple", "variables": {
            "rows": [{"n": n, "text": "x" * 90} for n in range(40)]}}
        made, early = 0, []
        for more in (200, 400, 800, 1_600):
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                calls = [threads.submit(server.call, "POST", "/v2/process-instances", start)
                         for _ in range(more)]
            assert all(call.result()[0] == 200 for call in calls), calls[-1].result()
            made += more
            server.kill()
            server.restart()
            early = health(server)
            if "unhealthy" in early:
                break
            ready(server)
        assert early == ["unhealthy"], f"after {made} instances the first answer says {early}"
        ready(server)
        assert health(server) == ["healthy"]
        page = server.call("POST", "/v2/process-instances/search", {"page": {"limit": 1}})[1]
        assert page["page"]["totalItems"] == made, page["page"]


def health(server):
    """Of each partition, as the first answer to Topology says."""
    status, topology, _ = server.call("GET", "/v2/topology")
    assert status == 200, topology
    return [row["health"] for broker in topology["brokers"] for row in broker["partitions"]]


def ready(server):
    for _ in range(200_000):
        if server.call("GET", "/v2/status")[0] == 204:
            return
    raise AssertionError("the server never became healthy")


def test_settings_come_from_file_environment_and_flags(grevy):
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "grevy.toml").write_text('grpc-port = 1\nhttp-port = 2\ndata-dir = "x"\n')
    done = subprocess.run([grevy, "config", "--http-port", "4"], cwd=folder, text=True,
                          capture_output=True, env={**os.environ, "GREVY_GRPC_PORT": "3"})
    assert done.returncode == 0, done.stderr
    for line in ('grpc-port = 3', 'http-port = 4', 'data-dir = "x"'):
        assert line in done.stdout, done.stdout
    (folder / "grevy.toml").write_text("http_port = 2\n")
    done = subprocess.run([grevy, "config"], cwd=folder, text=True, capture_output=True)
    assert done.returncode == 2 and "http_port" in done.stderr, done.stderr
    done = subprocess.run([grevy, "--bind", "0.0.0.0"], cwd=folder, text=True, capture_output=True,
                          env={**os.environ, "GREVY_CONFIG": os.devnull})
    assert done.returncode == 2 and "--open" in done.stderr, done.stderr


def test_a_second_server_on_the_same_folder_is_refused(grevy):
    with Server(grevy) as server:
        ready(server)
        second = [grevy, "--grpc-port", "0", "--http-port", "0", "--data-dir",
                  str(server.folder / "data")]
        done = subprocess.run(second, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and done.stdout == "", done
        assert "expected" in done.stderr and str(server.folder / "data") in done.stderr, done.stderr
        assert server.call("GET", "/v2/status")[0] == 204


def test_tls_on_both_listeners(grevy):
    if not shutil.which("openssl"):
        print("not run: tls: no openssl to make a certificate with")
        return
    folder = pathlib.Path(tempfile.mkdtemp())
    key, own = str(folder / "key.pem"), str(folder / "own.pem")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
            "-out", own, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(make, check=True, capture_output=True)
    with Server(grevy, "--tls-certificate", own, "--tls-key", key) as server:
        assert server.rest.startswith("https://"), server.lines
        trusted = ssl.create_default_context(cafile=own)
        for path in ("/v2/topology", "/openapi.json"):
            with urllib.request.urlopen(server.rest + path, context=trusted) as answer:
                assert answer.status == 200
        # Neither a client that does not know the authority nor one without TLS gets in.
        for address in (server.rest, server.rest.replace("https", "http")):
            try:
                urllib.request.urlopen(address + "/v2/topology", timeout=30)
                raise AssertionError(f"{address} let it in")
            except (OSError, http.client.HTTPException):
                pass
        call = ("import grpc, sys\n"
                "from pyzeebe.proto import gateway_pb2 as pb, gateway_pb2_grpc as stubs\n"
                "own = grpc.ssl_channel_credentials(open(sys.argv[2], 'rb').read())\n"
                "with grpc.secure_channel(sys.argv[1], own) as channel:\n"
                "    print(stubs.GatewayStub(channel).Topology(pb.TopologyRequest(), timeout=30))\n")
        done = subprocess.run([install.python(), "-c", call, server.grpc, own], text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == 0 and "partitionsCount" in done.stdout, done
        code, out, err = grevy_command(grevy, server, "status")
        assert code == 2 and "certificate" in err, err
        code, out, err = grevy_command(grevy, server, "status", "--ca", own)
        assert code == 0 and "partition 1" in out, (out, err)
    for wrong in ([own, own], [str(folder / "none.pem"), key]):
        done = subprocess.run([grevy, "--tls-certificate", wrong[0], "--tls-key", wrong[1]],
                              capture_output=True, text=True, timeout=60, cwd=folder)
        assert done.returncode == 2 and "expected" in done.stderr, done


def tokens(grevy, folder, *wanted):
    """Tokens by name, and a file with their entries."""
    made, entries = {}, []
    for name, *options in wanted:
        done = subprocess.run([grevy, "token", name, *options], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        made[name] = re.search(r"once: (\S+)", done.stderr).group(1)
        assert made[name] not in done.stdout
        entries.append(done.stdout)
    file = pathlib.Path(folder) / "tokens.toml"
    file.write_text("\n".join(entries))
    return made, str(file)


def test_m6_owners_and_roles(grevy):
    folder = tempfile.mkdtemp()
    made, file = tokens(
        grevy, folder, ("root", "--role", "admin"), ("reader", "--role", "read"),
        ("order-team", "--role", "admin", "--process-prefix", "order"),
        ("payment-team", "--role", "admin", "--process-prefix", "payment"), ("picker",),
        ("shop", "--role", "ingest"))
    order = (MODELS / "order.bpmn").read_bytes()
    with Server(grevy, "--config", file) as server:
        def bearer(name):
            return {"authorization": f"Bearer {made[name]}"}
        status, problem, _ = server.call("GET", "/v2/topology")
        assert (status, problem["title"]) == (401, "UNAUTHORIZED"), problem
        for wrong in ("Bearer nobody", "Basic !!", "Digest x"):
            assert server.call("GET", "/v2/topology", headers={"authorization": wrong})[0] == 401
        assert server.call("GET", "/v2/topology", headers=bearer("reader"))[0] == 200
        pair = base64.b64encode(f"reader:{made['reader']}".encode()).decode()
        basic = {"authorization": f"Basic {pair}"}
        status, me, _ = server.call("GET", "/v2/authentication/me", headers=basic)
        assert (me["username"], me["roles"]) == ("reader", ["read"]), me
        ready(server)
        # Team B cannot overwrite team A's process.
        assert deploy(server, ("order.bpmn", order), **bearer("order-team"))[0] == 200
        status, problem, _ = deploy(server, ("order.bpmn", order), **bearer("payment-team"))
        assert (status, problem["title"]) == (403, "FORBIDDEN"), problem
        assert "'payment'" in problem["detail"] and "'order'" in problem["detail"], problem
        assert deploy(server, ("order.bpmn", order), **bearer("picker"))[0] == 403
        start = {"processDefinitionId": "order", "variables": {"orderId": "1"}}
        assert server.call("POST", "/v2/process-instances", start, bearer("reader"))[0] == 403
        assert server.call("POST", "/v2/process-instances", start, bearer("shop"))[0] == 403
        assert server.call("POST", "/v2/process-instances", start, bearer("picker"))[0] == 200
        message = {"name": "shipped", "correlationKey": "1"}
        assert server.call("POST", "/v2/messages/publication", message, bearer("shop"))[0] == 200
        # A team without workers stops nobody else.
        other = SIMPLE.replace(b'id="simple"', b'id="payment-card"')
        other = other.replace(b'type="work"', b'type="pay"')
        assert deploy(server, ("pay.bpmn", other), **bearer("payment-team"))[0] == 200
        stuck = {"processDefinitionId": "payment-card"}
        assert server.call("POST", "/v2/process-instances", stuck, bearer("payment-team"))[0] == 200
        wants = {"type": "charge", "timeout": 60_000, "maxJobsToActivate": 9}
        status, found, _ = server.call("POST", "/v2/jobs/activation", wants, bearer("picker"))
        assert status == 200 and found["jobs"], found
        for job in found["jobs"]:
            done = f"/v2/jobs/{job['jobKey']}/completion"
            assert server.call("POST", done, {}, bearer("picker"))[0] == 204
        # What SDKs ask for first.
        grant = {"grant_type": "client_credentials", "client_id": "picker",
                 "client_secret": made["picker"], "audience": "grevy"}
        raw = urllib.parse.urlencode(grant).encode()
        media = {"content-type": "application/x-www-form-urlencoded"}
        status, token, _ = server.call("POST", "/oauth/token", raw=raw, headers=media)
        assert status == 200 and token["token_type"] == "Bearer", token
        given = {"authorization": f"Bearer {token['access_token']}"}
        assert server.call("POST", "/v2/process-instances", start, given)[0] == 200
        # SDKs decode what they are handed.
        claims = token["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert claims["sub"] == "picker" and claims["exp"] - claims["iat"] == token["expires_in"]
        for wrong in (token["access_token"][:-4], token["access_token"] + ".x", "a.b.c"):
            given = {"authorization": f"Bearer {wrong}"}
            assert server.call("GET", "/v2/topology", headers=given)[0] == 401, wrong
        raw = urllib.parse.urlencode({**grant, "client_secret": "x"}).encode()
        status, refused, _ = server.call("POST", "/oauth/token", raw=raw, headers=media)
        assert (status, refused["error"]) == (401, "invalid_client"), refused
        assert server.call("GET", "/metrics")[0] == 401
        metrics = server.call("GET", "/metrics", headers=bearer("reader"))[1]
        assert "grevy_partition_healthy" in metrics and "grevy_http_requests_total" in metrics


def test_the_command_line_drives_a_server(grevy):
    with Server(grevy) as server:
        ready(server)
        code, out, err = grevy_command(grevy, server, "deploy", str(MODELS / "simple.bpmn"))
        assert code == 0 and "simple version 1" in out, (out, err)
        code, out, err = grevy_command(grevy, server, "create", "simple", "--variables", '{"n": 2}')
        assert code == 0, err
        instance = out.strip()
        code, out, err = grevy_command(grevy, server, "jobs", "activate", "work", "--json")
        [job] = json.loads(out)["jobs"]
        assert job["variables"] == {"n": 2} and job["processInstanceKey"] == instance
        fail = ("jobs", "fail", job["jobKey"], "--message", "no stock")
        assert grevy_command(grevy, server, *fail)[0] == 0
        code, out, err = grevy_command(grevy, server, "incidents", "--json")
        [incident] = json.loads(out)["items"]
        assert incident["errorMessage"] == "no stock" and incident["elementId"] == "work"
        assert incident["creationTime"].endswith("Z")
        code, out, err = grevy_command(grevy, server, "resolve", incident["incidentKey"])
        assert code == 2 and "409" in err, (out, err)
        resolve = ("resolve", incident["incidentKey"], "--retries", "1")
        assert grevy_command(grevy, server, *resolve)[0] == 0
        assert grevy_command(grevy, server, "jobs", "complete", job["jobKey"])[0] == 0
        code, out, err = grevy_command(grevy, server, "cancel", instance)
        assert code == 2 and "404" in err and "Expected to cancel" in err, err
        code, out, err = grevy_command(grevy, server, "status")
        assert code == 0 and "partition 1: healthy" in out, out
        # Whatever answers with a success is not yet Grevy.
        wrong = ("--address", f"http://{server.grpc}")
        for words in (("status",), ("jobs", "complete", "5"), ("incidents",), ("cancel", "5"),
                      ("create", "simple"), ("resolve", "5")):
            done = subprocess.run([grevy, *words, *wrong], text=True, capture_output=True)
            assert done.returncode == 2 and "REST API" in done.stderr, (words, done)
            assert not done.stdout, (words, done)
        publish = ("publish", "shipped", "--key", "1", "--correlate")
        assert grevy_command(grevy, server, *publish)[0] == 2
    assert grevy_command(grevy, server, "status")[0] == 2


def on_a_terminal(grevy, server, *words):
    """What a command writes to standard error when that is a terminal, until it has ended."""
    ours, its = pty.openpty()
    # As wide as a window is.
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))
    environment = {**os.environ, "GREVY_ADDRESS": server.rest, "TERM": "xterm"}
    with subprocess.Popen([grevy, *words], stderr=its, stdout=subprocess.PIPE,
                          env=environment) as command:
        os.close(its)
        told = b""
        try:
            while chunk := os.read(ours, 65_536):
                told += chunk
        except OSError:
            pass  # The other end is closed.
        os.close(ours)
        assert command.wait(timeout=60) == 0, told
    return told


def test_what_takes_long_is_shown_to_who_looks_and_to_nobody_else(grevy):
    with Server(grevy) as server:
        ready(server)
        waits = ("jobs", "activate", "nothing", "--wait", "1500")
        assert b"waiting for " + server.rest.encode() in on_a_terminal(grevy, server, *waits)
        assert on_a_terminal(grevy, server, *waits, "--json") == b""
        code, out, err = grevy_command(grevy, server, *waits)
        assert (code, out, err) == (0, "", ""), (out, err)


def works(grevy, name, command):
    """The worker of this command completes a job of a server that it is told by environment."""
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        environment = {**os.environ, "GREVY_GRPC": server.grpc, "GREVY_REST": server.rest}
        with subprocess.Popen(command, env=environment) as worker:
            try:
                status, made, _ = server.call("POST", "/v2/process-instances", {
                    "processDefinitionId": "simple", "awaitCompletion": True,
                    "requestTimeout": 25_000, "variables": {"amount": 4}})
                assert status == 200 and made["variables"]["doubled"] == 8, (name, made)
            finally:
                worker.terminate()


def shown(language, path):
    """A program that the README names, which is the only one of its language in the workers'
    page."""
    assert path in (ROOT / "README.md").read_text() or language == "rust", path
    text = (ROOT / "docs" / "guide" / "workers.md").read_text()
    [block] = re.findall(rf"```{language}\n(.*?)```", text, re.S)
    program = (ROOT / path).read_text()
    assert program.endswith(block), f"the guide shows another worker than {path}"
    return ROOT / path


def test_m9_python_worker_of_the_guide(grevy):
    program = shown("python", "docs/guide/examples/worker.py")
    works(grevy, "Python", [install.python(), str(program)])


def test_m9_node_worker_of_the_guide(grevy):
    # Modules are found from the folder that holds the script.
    program = install.node() / "worker.mjs"
    program.write_text(shown("js", "docs/guide/examples/worker.mjs").read_text())
    works(grevy, "Node", ["node", str(program)])


def test_m9_rust_worker_of_the_guide(grevy):
    shown("rust", "crates/client/examples/worker.rs")
    works(grevy, "Rust", [install.example("grevy-client", "worker")])


def kill_minus_nine(grevy, command):
    """Killed under load and started again: clients go on, nothing acknowledged is lost."""
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        environment = {**os.environ, "GRPC": server.grpc, "REST": server.rest}
        with tempfile.TemporaryFile() as said, subprocess.Popen(
                command, env=environment, text=True, stdout=subprocess.PIPE,
                stdin=subprocess.PIPE, stderr=said) as load:
            try:
                for _ in range(3):
                    line = load.stdout.readline()
                    assert line.startswith("created"), f"{line!r} {last_of(said)}"
                    server.kill()
                    server.restart()
                load.stdin.close()
                lines = load.stdout.read().splitlines()
                assert load.wait(timeout=60) == 0, last_of(said)
            finally:
                load.kill()
        told = json.loads(lines[-1])
        print(f"kill -9, three times: {told}")
        assert told["created"] >= 600 and told["lost"] == 0, told


def last_of(file):
    file.seek(0)
    return file.read()[-2_000:].decode(errors="replace")


def test_a_running_instance_goes_on_in_another_version(grevy):
    with Server(grevy) as server:
        ready(server)
        first = deploy(server, ("simple.bpmn", SIMPLE))[1]
        key = first["deployments"][0]["processDefinition"]["processDefinitionKey"]
        start = {"processDefinitionId": "simple"}
        created = server.call("POST", "/v2/process-instances", start)[1]
        assert created["processDefinitionKey"] == key, created
        other = SIMPLE.replace(b'type="work"', b'type="later"').replace(b"</bpmn:process>",
                                                                        b"</bpmn:process>\n")
        second = deploy(server, ("simple.bpmn", other))[1]
        target = second["deployments"][0]["processDefinition"]["processDefinitionKey"]
        at = f"/v2/process-instances/{created['processInstanceKey']}/migration"
        job = {"type": "work", "timeout": 60_000, "maxJobsToActivate": 1, "requestTimeout": 20_000}
        [leased] = server.call("POST", "/v2/jobs/activation", job)[1]["jobs"]
        task = leased["elementId"]
        plan = {"targetProcessDefinitionKey": target, "mappingInstructions": []}
        status, problem, _ = server.call("POST", at, plan)
        assert status == 409 and f"no mapping is given for its active element '{task}'" in \
            problem["detail"], problem
        plan["mappingInstructions"] = [{"sourceElementId": task, "targetElementId": "nothing"}]
        status, problem, _ = server.call("POST", at, plan)
        assert status == 400 and "no element with id 'nothing'" in problem["detail"], problem
        missing = {**plan, "targetProcessDefinitionKey": "4711"}
        assert server.call("POST", at, missing)[0] == 404
        plan["mappingInstructions"] = [{"sourceElementId": task, "targetElementId": task}]
        assert server.call("POST", at, plan)[0] == 204
        found = server.call("POST", "/v2/process-instances/search", {
            "filter": {"processDefinitionKey": target}})[1]["items"]
        assert [row["processInstanceKey"] for row in found] == [created["processInstanceKey"]]
        assert [row["processDefinitionVersion"] for row in found] == [2], found
        active = server.call("POST", "/v2/element-instances/search", {
            "filter": {"processDefinitionKey": target, "elementId": task}})[1]["items"]
        assert [row["elementInstanceKey"] for row in active] == [leased["elementInstanceKey"]]
        lines = server.call("POST", "/v2/audit-logs/search", {
            "filter": {"operationType": "MIGRATE"}})[1]["items"]
        assert [line["processInstanceKey"] for line in lines] == [created["processInstanceKey"]]
        done = f"/v2/jobs/{leased['jobKey']}/completion"
        assert server.call("POST", done, {})[0] == 204, "its job is the same"
        ended = server.call("POST", "/v2/process-instances/search", {
            "filter": {"processDefinitionKey": target, "state": "COMPLETED"}})[1]["items"]
        assert len(ended) == 1, ended
        statistics = server.call("POST", f"/v2/process-definitions/{target}/statistics/"
                                         "element-instances", {})[1]["items"]
        [row] = [row for row in statistics if row["elementId"] == task]
        assert (row["active"], row["completed"]) == (0, 1), statistics
        before = server.call("POST", f"/v2/process-definitions/{key}/statistics/"
                                     "element-instances", {})[1]["items"]
        assert all(row["active"] == 0 for row in before), before
