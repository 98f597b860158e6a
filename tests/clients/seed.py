"""Something in every list of a server, for the suites that read them all."""

from server import MODELS, ROOT


def deploy(server, *files):
    parts = [b'--x\r\nContent-Disposition: form-data; name="resources"; filename="%s"\r\n\r\n%s\r\n'
             % (file.name.encode(), file.read_bytes()) for file in files]
    told = server.call("POST", "/v2/deployments", raw=b"".join(parts) + b"--x--\r\n",
                       headers={"content-type": "multipart/form-data; boundary=x"})
    assert told[0] == 200, told


def post(server, path, body, expected=(200, 204)):
    status, told, _ = server.call("POST", f"/v2{path}", body)
    assert status in expected, (path, status, told)
    return told


def seed(server):
    """Deploys, starts, fails and completes; the keys of what there is, by their names."""
    deploy(server, MODELS / "order.bpmn", MODELS / "review.bpmn",
           ROOT / "tests" / "conformance" / "models" / "fee.dmn")
    for number in range(3):
        variables = {"mode": "good", "orderId": f"o-{number}", "text": "x" * 10_000}
        post(server, "/process-instances", {
            "processDefinitionId": "order", "variables": variables, "tags": ["fast"],
            "businessId": f"b-{number}"})
    jobs = post(server, "/jobs/activation", {"type": "charge", "timeout": 600_000,
                                             "maxJobsToActivate": 3, "requestTimeout": 10_000})
    failing, shipped, waiting = jobs["jobs"]
    post(server, f"/jobs/{failing['jobKey']}/failure", {"retries": 0, "errorMessage": "declined"})
    for job in (shipped, waiting):
        post(server, f"/jobs/{job['jobKey']}/completion", {"variables": {"charged": True}})
    post(server, "/messages/publication", {
        "name": "shipped", "correlationKey": shipped["variables"]["orderId"],
        "timeToLive": 600_000})
    review = post(server, "/process-instances", {
        "processDefinitionId": "review", "variables": {"country": "DE", "weight": 3}})
    keys = {"reviewKey": review["processInstanceKey"]}
    incident = post(server, "/incidents/search", {})["items"][0]
    for name in ("incidentKey", "processInstanceKey", "elementInstanceKey",
                 "processDefinitionKey", "jobKey"):
        keys[name] = incident[name]
    for name, path in (("variableKey", "variables"), ("userTaskKey", "user-tasks"),
                       ("decisionDefinitionKey", "decision-definitions"),
                       ("decisionRequirementsKey", "decision-requirements"),
                       ("decisionEvaluationInstanceKey", "decision-instances"),
                       ("auditLogKey", "audit-logs")):
        keys[name] = post(server, f"/{path}/search", {})["items"][0][name]
    statistics = post(server, "/incidents/statistics/process-instances-by-error", {})
    keys["errorHashCode"] = statistics["items"][0]["errorHashCode"]
    return keys
