"""Bad input on every rpc and endpoint, as a new user would send it: the documented status, a text
that says what was expected, never an internal error."""

import http.client
import json
import os
import socket
import sys

import grpc
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto import gateway_pb2_grpc as stubs

GRPC, REST = os.environ["GRPC"], os.environ["REST"]
MODELS = os.environ["MODELS"]
UNKNOWN, FOREIGN = 2251799813699999, (77 << 51) | 5
CODE = grpc.StatusCode
FAILED = []
CONNECTION = http.client.HTTPConnection(REST.removeprefix("http://"), timeout=30)


def expect(what, condition, found):
    if not condition:
        FAILED.append(f"{what}: {found}")


def rpcs(stub):
    bpmn = open(f"{MODELS}/simple.bpmn", "rb").read()
    create = pb.CreateProcessInstanceRequest
    modify, evaluate = pb.ModifyProcessInstanceRequest, pb.EvaluateDecisionRequest
    cases = [
        (stub.EvaluateDecision, evaluate(decisionId="nobody"), CODE.NOT_FOUND),
        (stub.EvaluateDecision, evaluate(), CODE.INVALID_ARGUMENT),
        (stub.EvaluateDecision, evaluate(decisionId="a", decisionKey=5), CODE.INVALID_ARGUMENT),
        (stub.EvaluateDecision, evaluate(decisionId="a" * 2_000), CODE.INVALID_ARGUMENT),
        (stub.EvaluateDecision, evaluate(decisionId="a", tenantId="red"), CODE.INVALID_ARGUMENT),
        (stub.MigrateProcessInstance, pb.MigrateProcessInstanceRequest(processInstanceKey=1),
         CODE.INVALID_ARGUMENT),
        (stub.BroadcastSignal, pb.BroadcastSignalRequest(), CODE.INVALID_ARGUMENT),
        (stub.BroadcastSignal, pb.BroadcastSignalRequest(signalName=" "), CODE.INVALID_ARGUMENT),
        (stub.BroadcastSignal, pb.BroadcastSignalRequest(signalName="s" * 2_000),
         CODE.INVALID_ARGUMENT),
        (stub.BroadcastSignal, pb.BroadcastSignalRequest(signalName="s", tenantId="red"),
         CODE.INVALID_ARGUMENT),
    ]
    for key in (UNKNOWN, FOREIGN, 0, -1, 2**63 - 1, -2**63):
        cases += [
            (stub.CompleteJob, pb.CompleteJobRequest(jobKey=key), CODE.NOT_FOUND),
            (stub.FailJob, pb.FailJobRequest(jobKey=key, retries=1), CODE.NOT_FOUND),
            (stub.ThrowError, pb.ThrowErrorRequest(jobKey=key, errorCode="e"), CODE.NOT_FOUND),
            (stub.UpdateJobRetries, pb.UpdateJobRetriesRequest(jobKey=key, retries=1),
             CODE.NOT_FOUND),
            (stub.UpdateJobTimeout, pb.UpdateJobTimeoutRequest(jobKey=key, timeout=1),
             CODE.NOT_FOUND),
            (stub.CancelProcessInstance, pb.CancelProcessInstanceRequest(processInstanceKey=key),
             CODE.NOT_FOUND),
            (stub.ResolveIncident, pb.ResolveIncidentRequest(incidentKey=key), CODE.NOT_FOUND),
            (stub.SetVariables, pb.SetVariablesRequest(elementInstanceKey=key, variables="{}"),
             CODE.NOT_FOUND),
            (stub.DeleteResource, pb.DeleteResourceRequest(resourceKey=key), CODE.NOT_FOUND),
            (stub.ModifyProcessInstance, modify(processInstanceKey=key, activateInstructions=[
                modify.ActivateInstruction(elementId="work")]), CODE.NOT_FOUND),
        ]
        if key:
            cases.append((stub.EvaluateDecision, evaluate(decisionKey=key), CODE.NOT_FOUND))
        if key:
            cases.append((stub.CreateProcessInstance, create(processDefinitionKey=key),
                          CODE.NOT_FOUND))
    for wrong in ("[]", "1", "{", "null", '{"a":}', '"text"', "nonsense", "{} {}", "[" * 100_000):
        cases += [
            (stub.CreateProcessInstance, create(bpmnProcessId="simple", variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.CompleteJob, pb.CompleteJobRequest(jobKey=UNKNOWN, variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.SetVariables,
             pb.SetVariablesRequest(elementInstanceKey=UNKNOWN, variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.PublishMessage, pb.PublishMessageRequest(name="m", variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.BroadcastSignal, pb.BroadcastSignalRequest(signalName="s", variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.EvaluateDecision, evaluate(decisionId="a", variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.FailJob, pb.FailJobRequest(jobKey=UNKNOWN, variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.ThrowError, pb.ThrowErrorRequest(jobKey=UNKNOWN, variables=wrong),
             CODE.INVALID_ARGUMENT),
            (stub.ModifyProcessInstance, modify(processInstanceKey=UNKNOWN, activateInstructions=[
                modify.ActivateInstruction(elementId="work", variableInstructions=[
                    modify.VariableInstruction(variables=wrong)])]), CODE.INVALID_ARGUMENT),
        ]
    huge = json.dumps({"a": "x" * (5 << 20)})
    resource = pb.Resource
    deploy = pb.DeployResourceRequest
    cases += [
        (stub.CreateProcessInstance, create(), CODE.INVALID_ARGUMENT),
        (stub.CreateProcessInstance, create(bpmnProcessId="nobody"), CODE.NOT_FOUND),
        (stub.CreateProcessInstance, create(bpmnProcessId="simple", version=99), CODE.NOT_FOUND),
        (stub.CreateProcessInstance, create(bpmnProcessId="simple", version=-7), CODE.NOT_FOUND),
        (stub.CreateProcessInstance, create(bpmnProcessId="simple", tenantId="red"),
         CODE.INVALID_ARGUMENT),
        (stub.CreateProcessInstance, create(bpmnProcessId="simple", variables=huge),
         CODE.INVALID_ARGUMENT),
        (stub.CreateProcessInstance, create(
            bpmnProcessId="simple",
            startInstructions=[pb.ProcessInstanceCreationStartInstruction(elementId="no")]),
         CODE.INVALID_ARGUMENT),
        (stub.CreateProcessInstanceWithResult, pb.CreateProcessInstanceWithResultRequest(),
         CODE.INVALID_ARGUMENT),
        (stub.CreateProcessInstanceWithResult, pb.CreateProcessInstanceWithResultRequest(
            request=create(bpmnProcessId="simple"), requestTimeout=50), CODE.DEADLINE_EXCEEDED),
        (stub.PublishMessage, pb.PublishMessageRequest(), CODE.INVALID_ARGUMENT),
        (stub.PublishMessage, pb.PublishMessageRequest(name="m" * 2_000), CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(), CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(resources=[resource(name="a.bpmn")]), CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(resources=[resource(name="a.bpmn", content=b"\xff\xfe\0")]),
         CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(resources=[resource(name="a.form", content=bpmn)]),
         CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(resources=[resource(name="", content=bpmn)]),
         CODE.INVALID_ARGUMENT),
        (stub.DeployResource, deploy(resources=[resource(name="a.bpmn", content=bpmn[:300])]),
         CODE.INVALID_ARGUMENT),
        (stub.DeployProcess, pb.DeployProcessRequest(), CODE.INVALID_ARGUMENT),
    ]
    activate, stream = pb.ActivateJobsRequest, pb.StreamActivatedJobsRequest
    good = {"type": "t", "worker": "w", "timeout": 1000, "maxJobsToActivate": 1}
    for change in ({"type": ""}, {"type": "  "}, {"worker": ""}, {"timeout": 0}, {"timeout": -5},
                   {"maxJobsToActivate": -1}, {"tenantIds": ["red"]}, {"type": "t" * 2_000}):
        cases.append((stub.ActivateJobs, activate(**{**good, **change}), CODE.INVALID_ARGUMENT))
    for change in ({"type": ""}, {"timeout": 0}):
        plain = {"type": "t", "worker": "w", "timeout": 1000}
        cases.append((stub.StreamActivatedJobs, stream(**{**plain, **change}),
                      CODE.INVALID_ARGUMENT))
    return cases


def grpc_cases():
    options = [("grpc.max_send_message_length", 64 << 20)]
    with grpc.insecure_channel(GRPC, options=options) as channel:
        stub = stubs.GatewayStub(channel)
        stub.DeployResource(pb.DeployResourceRequest(resources=[pb.Resource(
            name="simple.bpmn", content=open(f"{MODELS}/simple.bpmn", "rb").read())]))
        cases = rpcs(stub)
        for call, message, code in cases:
            what = f"{call._method.decode()} {str(message)[:80]!r}"
            try:
                answer = call(message, timeout=20)
                if hasattr(answer, "__next__"):
                    list(answer)
                expect(what, False, "was accepted")
            except grpc.RpcError as error:
                fits = error.code() in (code if isinstance(code, tuple) else (code,))
                expect(what, fits, f"{error.code()} {error.details()[:200]}")
                expect(what, "xpected" in error.details(), f"says only {error.details()[:200]!r}")
        empty = list(stub.ActivateJobs(pb.ActivateJobsRequest(
            type="t", worker="w", timeout=1000, maxJobsToActivate=1, requestTimeout=-1)))
        expect("an activation that does not wait", empty == [], empty)
        return len(cases) + 1 + broken_messages(channel)


RPCS = (
    "ActivateJobs StreamActivatedJobs CancelProcessInstance CompleteJob CreateProcessInstance "
    "CreateProcessInstanceWithResult EvaluateDecision DeployProcess DeployResource FailJob "
    "ThrowError PublishMessage ResolveIncident SetVariables Topology UpdateJobRetries "
    "ModifyProcessInstance MigrateProcessInstance UpdateJobTimeout DeleteResource "
    "BroadcastSignal EvaluateConditional").split()
# Nothing, broken protobuf, a length that is not there, text that is not UTF-8, numbers where texts
# belong, unknown fields only.
BYTES = (b"", b"\xff\xff\xff\xff", b"\x0a\x7f", b"\x0a\x02\xff\xfe", b"\x0a\x01", b"\x12\x03\xc3\x28a",
         b"\xfa\x3e\x01x", b"\x09\0\0\0\0\0\0\0\0")


def broken_messages(channel):
    """Every rpc, whatever comes: an answer that blames the caller, or takes what is harmless."""
    blames = (CODE.INVALID_ARGUMENT, CODE.NOT_FOUND, CODE.UNIMPLEMENTED, CODE.FAILED_PRECONDITION,
              CODE.RESOURCE_EXHAUSTED)
    huge = b"\x0a" + b"\x80\x80\x80\x10" + b"x" * (32 << 20)
    for rpc in RPCS:
        call = channel.unary_stream(f"/gateway_protocol.Gateway/{rpc}")
        for message in (*BYTES, huge):
            what = f"{rpc} {message[:20]!r}"
            try:
                list(call(message, timeout=20))
                expect(what, rpc in ("Topology", "EvaluateConditional"), "was accepted")
            except grpc.RpcError as error:
                expect(what, error.code() in blames, f"{error.code()} {error.details()[:200]}")
                told = any(word in error.details() for word in ("xpected", "rejected"))
                expect(what, told, error.details()[:200])
    try:
        list(channel.unary_stream("/gateway_protocol.Gateway/Nonsense")(b"", timeout=20))
        expect("an unknown rpc", False, "was accepted")
    except grpc.RpcError as error:
        expect("an unknown rpc", error.code() == CODE.UNIMPLEMENTED, error.code())
    return len(RPCS) * (len(BYTES) + 1) + 1


def call(method, path, body=None, headers=None):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    headers = {"content-type": "application/json", **(headers or {})}
    for last in (False, True):
        try:
            CONNECTION.request(method, path, data, headers)
            answer = CONNECTION.getresponse()
            return answer.status, answer.read(), answer.headers["content-type"]
        except (ConnectionError, http.client.HTTPException):
            # The server closes a connection whose request it did not read to its end.
            CONNECTION.close()
            if last or (data and len(data) > 1 << 20):
                raise


def rest_cases():
    key = UNKNOWN
    form = {"content-type": "multipart/form-data; boundary=b"}
    part = b'--b\r\ncontent-disposition: form-data; name="resources"%s\r\n\r\nx\r\n--b--\r\n'
    jobs = {"type": "t", "timeout": 1000, "maxJobsToActivate": 1}
    cases = [
        ("POST", "/v2/process-instances", b"", 400), ("POST", "/v2/process-instances", {}, 400),
        ("POST", "/v2/process-instances", b"\xff\xfe", 400),
        ("POST", "/v2/process-instances", b'{"processDefinitionId": "simple"', 400),
        # As many as there are fields: a list is no object all the same.
        *(("POST", path, [None] * count, 400) for count in range(1, 20)
          for path in ("/v2/process-instances", "/v2/messages/publication", "/v2/jobs/activation",
                       "/v2/signals/broadcast")),
        ("POST", "/v2/process-instances", ["simple", *[None] * 13], 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": 5}, 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": "nobody"}, 404),
        ("POST", "/v2/process-instances", {"processDefinitionKey": str(key)}, 404),
        ("POST", "/v2/process-instances",
         {"processDefinitionKey": "1", "processDefinitionId": "simple"}, 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": "simple", "nonsense": 1}, 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": "simple", "variables": []}, 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": "simple", "tenantId": "x"}, 400),
        ("POST", "/v2/process-instances", {"processDefinitionId": "simple", "tags": ["1"]}, 400),
        ("POST", "/v2/process-instances",
         {"processDefinitionId": "simple", "awaitCompletion": True, "requestTimeout": 50}, 504),
        ("POST", f"/v2/process-instances/{key}/cancellation", b"", 404),
        ("POST", "/v2/process-instances/abc/cancellation", {}, 400),
        ("POST", f"/v2/process-instances/{key}/cancellation", {"operationReference": 0}, 400),
        ("PUT", f"/v2/element-instances/{key}/variables", {"variables": {}}, 404),
        ("PUT", f"/v2/element-instances/{key}/variables", {}, 400),
        ("POST", "/v2/jobs/activation", {**jobs, "timeout": 0}, 400),
        ("POST", "/v2/jobs/activation", {**jobs, "maxJobsToActivate": 0}, 400),
        ("POST", "/v2/jobs/activation", {**jobs, "type": " "}, 400),
        ("POST", "/v2/jobs/activation", {**jobs, "tenantFilter": "none"}, 400),
        ("POST", "/v2/jobs/activation", {"type": "t"}, 400),
        ("POST", f"/v2/jobs/{key}/completion", b"", 404),
        ("POST", f"/v2/jobs/{key}/completion", {"variables": 5}, 400),
        ("POST", f"/v2/jobs/{key}/completion", {"leaseToken": "x"}, 400),
        ("POST", f"/v2/jobs/{key}/failure", {}, 404),
        ("POST", f"/v2/jobs/{key}/failure", {"retries": "many"}, 400),
        ("POST", f"/v2/jobs/{key}/error", {"errorCode": "E"}, 404),
        ("POST", f"/v2/jobs/{key}/error", {}, 400),
        ("PATCH", f"/v2/jobs/{key}", {"changeset": {"retries": 1}}, 404),
        ("PATCH", f"/v2/jobs/{key}", {"changeset": {}}, 400),
        ("POST", "/v2/messages/publication", {"name": ""}, 400),
        ("POST", "/v2/messages/publication", {}, 400),
        ("POST", "/v2/messages/correlation", {"name": "m", "correlationKey": "k"}, 404),
        ("POST", "/v2/messages/correlation", {"name": "m", "timeToLive": 5}, 400),
        ("POST", f"/v2/incidents/{key}/resolution", b"", 404),
        ("GET", f"/v2/incidents/{key}", None, 404),
        ("POST", "/v2/incidents/search", {"filter": {"colour": "red"}}, 400),
        ("POST", "/v2/incidents/search", {"sort": [{"field": "state", "order": "up"}]}, 400),
        ("POST", "/v2/incidents/search", {"page": {"after": "!!"}}, 400),
        ("POST", f"/v2/resources/{key}/deletion", b"", 404),
        ("POST", "/v2/deployments", b"", 400), ("GET", "/v2/nonsense", None, 404),
        ("POST", "/v2/topology", {}, 405), ("PUT", "/v2/clock", {"timestamp": 1}, 403),
    ]
    for path in ("/v2/signals/broadcast", "/v2/decision-definitions/evaluation",
                 "/v2/expression/evaluation"):
        cases.append(("POST", path, {"nonsense": 1}, 400))
    modify = f"/v2/process-instances/{key}/modification"
    work = [{"elementId": "work"}]
    cases += [
        ("POST", "/v2/conditionals/evaluation", {"nonsense": 1}, 400),
        ("POST", "/v2/signals/broadcast", {"signalName": "s", "variables": []}, 400),
        ("POST", "/v2/signals/broadcast", {"signalName": "s" * 2_000}, 400),
        ("POST", "/v2/decision-definitions/evaluation", {"decisionDefinitionId": "no"}, 404),
        ("POST", "/v2/decision-definitions/evaluation", {"decisionDefinitionKey": str(key)}, 404),
        ("POST", "/v2/decision-definitions/evaluation",
         {"decisionDefinitionKey": str(key), "decisionDefinitionId": "no"}, 400),
        ("POST", "/v2/expression/evaluation", {"expression": "1 +"}, 400),
        ("POST", "/v2/expression/evaluation", {"expression": "(" * 50_000}, 400),
        ("POST", "/v2/expression/evaluation", {"expression": "=a", "scopeKey": str(key)}, 404),
        ("POST", modify, {"activateInstructions": work}, 404),
        ("POST", modify, {"activateInstructions": [{}]}, 400),
        ("POST", modify, {"activateInstructions": work * 2_000}, 400),
        ("POST", modify, {"terminateInstructions": [{}]}, 400),
        ("PATCH", f"/v2/user-tasks/{key}", {"changeset": {"priority": "high"}}, 400),
        ("PATCH", f"/v2/user-tasks/{key}", {"changeset": {"priority": 1}}, 404),
        ("POST", f"/v2/user-tasks/{key}/assignment", {"assignee": 5}, 400),
        ("POST", f"/v2/user-tasks/{key}/completion", {}, 404),
        ("DELETE", f"/v2/user-tasks/{key}/assignee", None, 404),
    ]
    cases += [
        ("POST", "/v2/deployments", b"--b--\r\n", 400, form),
        ("POST", "/v2/deployments", part % b"", 400, form),
        ("POST", "/v2/deployments", part % b'; filename="a.bpmn"', 400, form),
        ("POST", "/v2/deployments", b"--b\r\n", 400, form),
        ("POST", "/v2/deployments", b"--b\r\n" + b"x" * (10 << 20), 413, form),
        ("POST", "/v2/process-instances", b"<a/>", 415, {"content-type": "text/xml"}),
        ("POST", "/v2/process-instances", b'{"variables":"' + b"x" * (9 << 20) + b'"}', 413),
    ]
    for method, path, body, status, *headers in cases:
        what = f"{method} {path} {str(body)[:80]}"
        try:
            found, text, media = call(method, path, body, *headers)
        except (ConnectionError, http.client.HTTPException) as error:
            # A body that is too large may be cut off before it was sent.
            expect(what, status == 413, error)
            continue
        fits = found in (status if isinstance(status, tuple) else (status,))
        expect(what, fits, f"{found} {text[:200]}")
        expect(what, media == "application/problem+json", media)
        problem = json.loads(text) if media == "application/problem+json" else {}
        fields = {"type", "title", "status", "detail", "instance"}
        expect(what, set(problem) == fields, problem)
        expect(what, problem.get("instance") == path and problem.get("detail"), problem)
    return len(cases)


def search_cases():
    """Every search of the document: what it does not know it refuses, and says what it knows."""
    document = json.loads(call("GET", "/openapi.json")[1])
    searches = [path.replace("{", "").replace("}", "") for path, of in document["paths"].items()
                if path.endswith("/search") and "post" in of]
    searches = ["/".join("1" if part.endswith("Key") else part for part in path.split("/"))
                for path in searches]
    expect("searches", len(searches) > 15, searches)
    wrong = (
        {"nonsense": 1}, {"filter": {"colour": "red"}}, {"filter": 5}, {"filter": []},
        {"sort": {"field": "a"}}, {"sort": [{"field": "colour"}]}, {"sort": [{"order": "ASC"}]},
        {"page": {"limit": -1}}, {"page": {"limit": 100_000}}, {"page": {"limit": "ten"}},
        {"page": {"from": -1}}, {"page": {"after": "!!"}}, {"page": {"after": "AAAA"}},
        {"page": {"after": "AAAA", "before": "AAAA"}}, {"page": {"size": 5}}, [], "text", 5)
    count = 0
    for path in searches:
        for body in wrong:
            what = f"POST {path} {body}"
            found, text, kind = call("POST", path, body)
            count += 1
            # Of what is not there nothing else is said.
            fits = found == 400 or (found == 404 and "/1/" in path)
            expect(what, fits, f"{found} {text[:200]}")
            expect(what, kind == "application/problem+json", f"{found} {kind}")
            expect(what, b"xpected" in text or b"unknown field" in text, text[:300])
    return count


def document_cases():
    """Every operation of the OpenAPI document, whatever comes: never an internal error, and a
    problem for whatever is refused."""
    document = json.loads(call("GET", "/openapi.json")[1])
    deep = b"[" * 50_000
    bodies = (b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe{}", deep, b'{"a":' * 5_000, b'{"x":1}',
              b'{"variables":{"a":NaN}}', b'{"filter":5}', b'{"page":{"limit":-1}}')
    media = ("application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=b",
             "application/json; charset=utf-16", "nonsense")
    count = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
                continue
            keys = ("1", str(UNKNOWN), str(FOREIGN), "x", "%00", "99999999999999999999999", "-1",
                    "a" * 5_000)
            paths = [path]
            if "{" in path:
                head, rest = path.split("{", 1)
                paths = [head + key + rest.split("}", 1)[1] for key in keys]
            for at in paths:
                for body, of in [(b, "application/json") for b in bodies] + [
                        (b'{"x":1}', m) for m in media]:
                    if method == "get" and body != b"":
                        continue
                    what = f"{method} {at[:80]} {of} {body[:30]!r}"
                    found, text, kind = call(method.upper(), at, body or None, {"content-type": of})
                    count += 1
                    expect(what, found < 500 or found in (501, 503), f"{found} {text[:200]}")
                    if found >= 400:
                        fits = kind in ("application/problem+json", "application/json")
                        expect(what, fits, f"{found} {kind} {text[:200]}")
                        problem = json.loads(text)
                        expect(what, problem.get("detail") or problem.get("error"), text[:200])
    return count


def truncated():
    """A body that ends before its length: nobody answers for it, and the server goes on."""
    document = json.loads(call("GET", "/openapi.json")[1])
    host, port = REST.removeprefix("http://").rsplit(":", 1)
    count = 0
    for path, operations in document["paths"].items():
        for method in set(operations) & {"post", "put", "patch"}:
            path = "/".join(str(UNKNOWN) if part[:1] == "{" else part for part in path.split("/"))
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                head = (f"{method.upper()} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: "
                        f"application/json\r\ncontent-length: 100\r\n\r\n")
                connection.sendall(head.encode() + b'{"variables":')
                connection.shutdown(socket.SHUT_WR)
                found = b""
                while chunk := connection.recv(65_536):
                    found += chunk
            count += 1
            status = found.split(b" ")[1:2]
            expect(f"{method} {path} cut off", status in ([], [b"400"], [b"403"], [b"404"]), found[:200])
    expect("the server after that", call("GET", "/v2/status")[0] == 204, "is not healthy")
    return count


def twice():
    """What ends a job or an instance ends it once."""
    simple = {"processDefinitionId": "simple"}
    made = json.loads(call("POST", "/v2/process-instances", simple)[1])
    jobs = json.loads(call("POST", "/v2/jobs/activation", {
        "type": "work", "timeout": 60_000, "maxJobsToActivate": 100})[1])["jobs"]
    [job] = [j for j in jobs if j["processInstanceKey"] == made["processInstanceKey"]]
    for path in (f"/v2/jobs/{job['jobKey']}/completion",):
        for status in (204, 404):
            found, text, _ = call("POST", path, {})
            expect(f"{path} again", found == status, f"{found} {text}")
    found, text, _ = call("POST", f"/v2/process-instances/{made['processInstanceKey']}/cancellation")
    expect("cancelling what has ended", found == 404, f"{found} {text}")
    return 3 + twice_over_grpc()


def twice_over_grpc():
    """The same, and what comes in the wrong state: not what was asked, and no internal error."""
    state = (CODE.NOT_FOUND, CODE.FAILED_PRECONDITION)
    with grpc.insecure_channel(GRPC) as channel:
        stub = stubs.GatewayStub(channel)

        def again(call, message, codes=state):
            call(message, timeout=20)
            refused(call, message, codes)

        def refused(call, message, codes=state):
            try:
                call(message, timeout=20)
                expect(f"{call._method.decode()} again", False, "was accepted")
            except grpc.RpcError as error:
                fits = error.code() in codes and "xpected" in error.details()
                expect(f"{call._method.decode()} again", fits, f"{error.code()} {error.details()}")

        def job():
            made = stub.CreateProcessInstance(
                pb.CreateProcessInstanceRequest(bpmnProcessId="simple", version=-1))
            want = pb.ActivateJobsRequest(type="work", worker="w", timeout=60_000,
                                          maxJobsToActivate=100, requestTimeout=10_000)
            while True:
                jobs = [job for answer in stub.ActivateJobs(want) for job in answer.jobs
                        if job.processInstanceKey == made.processInstanceKey]
                if jobs:
                    return jobs[0]
        one, two, three = job(), job(), job()
        again(stub.CompleteJob, pb.CompleteJobRequest(jobKey=one.key))
        refused(stub.FailJob, pb.FailJobRequest(jobKey=one.key, retries=1))
        refused(stub.SetVariables, pb.SetVariablesRequest(
            elementInstanceKey=one.processInstanceKey, variables="{}"))
        again(stub.CancelProcessInstance,
              pb.CancelProcessInstanceRequest(processInstanceKey=two.processInstanceKey))
        refused(stub.CompleteJob, pb.CompleteJobRequest(jobKey=two.key))
        again(stub.ThrowError, pb.ThrowErrorRequest(jobKey=three.key, errorCode="nobody"))
        refused(stub.UpdateJobTimeout, pb.UpdateJobTimeoutRequest(jobKey=three.key, timeout=1_000))
        # A message id that waits is there once.
        message = pb.PublishMessageRequest(name="m", correlationKey="k", messageId="1",
                                           timeToLive=60_000)
        again(stub.PublishMessage, message, (CODE.ALREADY_EXISTS,))
        # The same file again is the same version.
        bpmn = open(f"{MODELS}/order.bpmn", "rb").read()
        deploy = pb.DeployResourceRequest(resources=[pb.Resource(name="o.bpmn", content=bpmn)])
        keys = {stub.DeployResource(deploy).deployments[0].process.processDefinitionKey
                for _ in range(2)}
        expect("deploying the same again", len(keys) == 1, keys)
        again(stub.DeleteResource, pb.DeleteResourceRequest(resourceKey=keys.pop()))
    return 9


count = (grpc_cases() + rest_cases() + document_cases() + search_cases() + truncated() + twice())
for line in FAILED:
    print(line)
print(f"bad input: {count} cases, {len(FAILED)} failed")
sys.exit(1 if FAILED else 0)
