"""Clients that do not behave: slow, half-open, too large, on the wrong port, during the end."""

import resource
import signal
import socket
import struct
import threading
import time

from lifecycle import SIMPLE, deploy, grevy_command, ready
from server import Server


def connect(address):
    host, port = address.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=60)


def frame(kind, flags, stream, body):
    """One of HTTP/2."""
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


# A client's preface, its settings, and that it has read the server's.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(4, 1, 0, b"")


def called(rpc, message):
    """The frames of one gRPC call, its headers as literals."""
    headers = {b":method": b"POST", b":scheme": b"http", b":authority": b"x",
               b":path": b"/gateway_protocol.Gateway/" + rpc,
               b"content-type": b"application/grpc", b"te": b"trailers"}
    text = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
                    for name, value in headers.items())
    data = b"\0" + struct.pack(">I", len(message)) + message
    return frame(1, 4, 1, text) + frame(0, 1, 1, data)


def answer(connection):
    """Everything until the server closes the connection."""
    found = b""
    try:
        while chunk := connection.recv(65_536):
            found += chunk
    except ConnectionError:
        pass
    return found


def said(address, sent):
    with connect(address) as connection:
        try:
            connection.sendall(sent)
        except ConnectionError:
            pass
        return answer(connection)


def test_requests_that_are_too_large_or_not_http(grevy):
    with Server(grevy) as server:
        ready(server)
        end = b"host: x\r\nconnection: close\r\n\r\n"
        large = said(server.rest, b"GET /v2/topology HTTP/1.1\r\nx: " + b"a" * 40_000 + b"\r\n" + end)
        assert large == b"" or b" 431 " in large.split(b"\r\n")[0], large[:200]
        many = b"".join(b"x%d: 1\r\n" % number for number in range(200))
        many = said(server.rest, b"GET /v2/topology HTTP/1.1\r\n" + many + end)
        assert many == b"" or b" 431 " in many.split(b"\r\n")[0], many[:200]
        # The same over HTTP/2: 431, a reset stream or a closed connection, and nobody else notices.
        long = b"\0\x01x" + b"\x7f" + bytes([0x80 | (40_000 - 127) & 127, 0x80 | (40_000 - 127) >> 7 & 127,
                                            (40_000 - 127) >> 14]) + b"a" * 40_000
        pieces = [long[at:at + 16_000] for at in range(0, len(long), 16_000)]
        flood = frame(1, 0, 1, pieces[0]) + b"".join(frame(9, 0, 1, piece) for piece in pieces[1:-1])
        with connect(server.grpc) as connection:
            try:
                connection.sendall(GREETING + flood + frame(9, 4, 1, pieces[-1]))
                connection.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            found = answer(connection)
            assert b"grpc-status" not in found, found[:200]
        for wrong in (b"\0" * 100, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"a" * 200,
                      b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100, b"GET\r\n\r\n"):
            for address in (server.rest, server.grpc):
                found = said(address, wrong)
                assert b" 200 " not in found and b" 500 " not in found, found[:200]
        assert server.call("GET", "/v2/status")[0] == 204


def test_slow_and_half_open_clients_are_let_go(grevy):
    head = b"POST /v2/process-instances HTTP/1.1\r\nhost: x\r\n"
    starts = {
        "half a head": head[:20],
        "a head without end": head,
        "half a body": head + b"content-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    }
    with Server(grevy) as server:
        ready(server)
        took, found = {}, {}

        def stop_in_the_middle(name, sent):
            since = time.monotonic()
            with connect(server.rest) as connection:
                connection.sendall(sent)
                head = connection.recv(65_536) if name == "half a body" else answer(connection)
            found[name], took[name] = head, time.monotonic() - since
        def half_open():
            """An HTTP/2 client that greets and is gone, without a word to the kernel."""
            since = time.monotonic()
            with connect(server.grpc) as connection:
                connection.sendall(GREETING)
                answer(connection)
            took["half open"] = time.monotonic() - since
        threads = [threading.Thread(target=stop_in_the_middle, args=row) for row in starts.items()]
        threads.append(threading.Thread(target=half_open))

        def say_little(port, said):
            since = time.monotonic()
            with connect(port) as connection:
                connection.sendall(said)
                answer(connection)
            took[f"{said} on {port}"] = time.monotonic() - since
        little = [(port, said) for port in (server.grpc, server.rest)
                  for said in (b"", b"P", b"PRI * HT")]
        threads += [threading.Thread(target=say_little, args=row) for row in little]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert took["half a head"] < 25 and took["a head without end"] < 25, took
        silent = {name: time for name, time in took.items() if " on " in name}
        assert len(silent) == len(little) and max(silent.values()) < 25, silent
        assert took["half a body"] < 45 and b" 400 " in found["half a body"], (took, found)
        # Asked after 30 s whether it lives, given up 20 s later.
        assert 30 < took["half open"] < 58, took
        # Clients that hold connections and say nothing are no burden for others.
        idle = [connect(server.grpc if number % 2 else server.rest) for number in range(400)]
        assert server.call("GET", "/v2/status")[0] == 204
        for connection in idle:
            connection.close()


def test_too_many_open_files_are_waited_for_and_not_shouted_about(grevy):
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    with Server(grevy, before=few) as server:
        ready(server)
        crowd = [connect(server.rest) for _ in range(200)]
        log = server.folder / "server.log"
        until = time.monotonic() + 30
        while b"could not be accepted" not in log.read_bytes():
            assert time.monotonic() < until, "all of them were accepted"
            time.sleep(0.05)
        lines = log.read_bytes().count(b"could not be accepted")
        since = time.monotonic()
        time.sleep(1)
        more = log.read_bytes().count(b"could not be accepted") - lines
        assert more <= 30 * (time.monotonic() - since), f"{more} lines in a second"
        for connection in crowd:
            connection.close()
        assert server.call("GET", "/v2/status")[0] == 204


def test_a_stream_whose_client_does_not_read_keeps_no_jobs_from_others(grevy):
    instances = 120
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        # It opens a stream and never reads: large jobs soon fill what is sent ahead.
        with connect(server.grpc) as connection:
            # Type, worker, and a lease of 10 minutes.
            wanted = b"\x0a\x04work\x12\x01w\x18\xc0\xcf\x24"
            connection.sendall(GREETING + called(b"StreamActivatedJobs", wanted))
            text = "x" * 200_000
            start = {"processDefinitionId": "simple", "variables": {"text": text}}
            for _ in range(instances):
                assert server.call("POST", "/v2/process-instances", start)[0] == 200
            taken = {"type": "work", "timeout": 600_000, "maxJobsToActivate": 32,
                     "requestTimeout": 1_000}

            def polled(until):
                found = 0
                while found < until:
                    status, jobs, _ = server.call("POST", "/v2/jobs/activation", taken)
                    assert status == 200, jobs
                    if not jobs["jobs"]:
                        return found
                    found += len(jobs["jobs"])
                return found
            others = polled(instances)
            # It is given 32 ahead, and what the connection has taken of them makes room for more.
            assert instances - 70 <= others < instances, f"{others} of {instances} went to others"
        # What it was not sent goes to others, long before its lease ends. What is on the wire may
        # have arrived: that waits for the end of its lease.
        until = time.monotonic() + 60
        while others < instances - 4:
            assert time.monotonic() < until, f"{others} of {instances} after its end"
            others += polled(instances - others)


def test_a_stream_of_small_jobs_gets_no_more_than_its_worker_settles(grevy):
    instances = 400
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        start = {"processDefinitionId": "simple"}
        for _ in range(instances):
            assert server.call("POST", "/v2/process-instances", start)[0] == 200
        # It reads all that it is sent, and says nothing of any job.
        with connect(server.grpc) as connection:
            wanted = b"\x0a\x04work\x12\x01w\x18\xc0\xcf\x24"
            connection.sendall(GREETING + called(b"StreamActivatedJobs", wanted))
            connection.recv(65_536)
            taken = {"type": "work", "timeout": 600_000, "maxJobsToActivate": 64,
                     "requestTimeout": -1}
            others = 0
            while jobs := server.call("POST", "/v2/jobs/activation", taken)[1]["jobs"]:
                others += len(jobs)
            # 64 at first; twice as many if the poll took so long that a second has passed.
            assert others >= instances - 140, f"{others} of {instances} went to others"


def test_calls_under_way_are_answered_when_the_server_ends(grevy):
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        waits = {"processDefinitionId": "simple", "awaitCompletion": True, "requestTimeout": 60_000}
        polls = {"type": "nothing", "timeout": 1_000, "maxJobsToActivate": 1,
                 "requestTimeout": 60_000}
        answers = {}

        def ask(path, body):
            answers[path] = server.call("POST", path, body)
        calls = {"/v2/process-instances": waits, "/v2/jobs/activation": polls}
        threads = [threading.Thread(target=ask, args=row) for row in calls.items()]
        for thread in threads:
            thread.start()
        # Both are under way when the jobs of the one can be seen and the other has not answered.
        taken = {"type": "work", "timeout": 60_000, "maxJobsToActivate": 1, "requestTimeout": 20_000}
        status, found, _ = server.call("POST", "/v2/jobs/activation", taken)
        assert status == 200 and len(found["jobs"]) == 1, found
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(timeout=30)
        status, problem, _ = answers["/v2/process-instances"]
        assert (status, problem["title"]) == (503, "UNAVAILABLE"), problem
        assert "shutting down" in problem["detail"], problem
        # The activation ends with none, or never reached the server that had ended.
        status, jobs, _ = answers["/v2/jobs/activation"]
        assert (status, jobs) == (200, {"jobs": []}) or status == 503, (status, jobs)
        assert server.process.wait(timeout=30) == 0


def test_a_job_type_that_nobody_asks_for_is_reported(grevy):
    model = SIMPLE.replace(b'type="work"', b'type="io.camunda:http-json:1"')
    assert model != SIMPLE
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", model))[0] == 200
        start = {"processDefinitionId": "simple"}
        assert server.call("POST", "/v2/process-instances", start)[0] == 200

        def reported():
            return server.call("GET", "/grevy/v1/job-types")[1]["unattended"]
        until = time.monotonic() + 30
        while not reported():
            assert time.monotonic() < until, "the type was never reported"
            time.sleep(0.2)
        [row] = reported()
        assert row["type"] == "io.camunda:http-json:1", row
        assert "connector 'http-json:1'" in row["advice"], row
        assert b"connector 'http-json:1'" in (server.folder / "server.log").read_bytes()
        code, out, err = grevy_command(grevy, server, "status")
        assert code == 0 and "connector 'http-json:1'" in out, (out, err)
        gauge = 'grevy_job_type_unattended{type="io.camunda:http-json:1"} 1'
        assert gauge in server.call("GET", "/metrics")[1]
        taken = {"type": row["type"], "timeout": 60_000, "maxJobsToActivate": 1}
        status, jobs, _ = server.call("POST", "/v2/jobs/activation", taken)
        assert status == 200 and len(jobs["jobs"]) == 1, jobs
        while reported():
            assert time.monotonic() < until + 30, "a worker came and it is still reported"
            time.sleep(0.2)


def test_a_start_that_is_held_back_says_so_and_an_operator_lets_it_go_on(grevy):
    with Server(grevy) as server:
        ready(server)
        assert deploy(server, ("simple.bpmn", SIMPLE))[0] == 200
        start = {"processDefinitionId": "simple"}
        status, created, _ = server.call("POST", "/v2/process-instances", start)
        assert status == 200, created
        server.stop()
        # As three starts in a row that ended with a bug of ours leave it.
        note = server.folder / "data" / "starts"
        note.write_text("row 3\nstate panicked\nreason a bug\nheld\n")
        server.start()
        ready(server)
        code, out, err = grevy_command(grevy, server, "status")
        assert code == 1 and "partition 1: paused (" in out and "grevy resume" in out, (out, err)
        ask = {"type": "work", "timeout": 60_000, "maxJobsToActivate": 1, "requestTimeout": -1}
        status, jobs, _ = server.call("POST", "/v2/jobs/activation", ask)
        assert status == 200 and jobs["jobs"] == [], jobs
        code, out, err = grevy_command(grevy, server, "resume")
        assert code == 0 and "go on" in out, (out, err)
        code, out, err = grevy_command(grevy, server, "status")
        assert code == 0 and "partition 1: healthy" in out, (out, err)
        status, jobs, _ = server.call("POST", "/v2/jobs/activation", {**ask, "requestTimeout": 20_000})
        assert status == 200 and len(jobs["jobs"]) == 1, jobs
        code, out, err = grevy_command(grevy, server, "repair", created["processInstanceKey"])
        assert code == 2 and "to be quarantined, but it is not" in err, (out, err)
        code, out, err = grevy_command(grevy, server, "repair", "4711")
        assert code == 2 and "NOT_FOUND" in err, (out, err)
