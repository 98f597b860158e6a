// Flows that nobody orchestrates, in the same console.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, drawn, startServer } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

const POOLS = {
  Checkout: ["OrderPlaced"],
  Payment: ["PaymentReceived"],
  Inventory: ["GoodsFetched"],
  Shipping: ["GoodsShipped"],
};

/** Four pools with a step each. */
function collaboration() {
  const names = Object.keys(POOLS);
  const pools = names.map(
    (name) => `<bpmn:participant id="pool-${name}" name="${name}" processRef="${name}" />`,
  );
  const processes = names.map((name) => {
    const [step] = POOLS[name];
    return `<bpmn:process id="${name}">
      <bpmn:startEvent id="${name}-begun" />
      <bpmn:sequenceFlow id="${name}-f" sourceRef="${name}-begun" targetRef="${step}" />
      <bpmn:task id="${step}" name="${step}" />
    </bpmn:process>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test">
  <bpmn:collaboration id="story">${pools.join("")}</bpmn:collaboration>
  ${processes.join("\n  ")}
</bpmn:definitions>`;
}

const MAPPING = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\n";

function event(trace, type, source) {
  return {
    specversion: "1.0",
    id: `${trace}-${type}`,
    type,
    source,
    traceid: trace,
    time: new Date().toISOString(),
    data: {},
  };
}

async function tell(trace, type, source) {
  const answer = await fetch(`${server.url}/events`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify(event(trace, type, source)),
  });
  assert.equal(answer.status, 204, await answer.text());
}

test("t7_a_trace_ticks_exactly_what_it_has_reached_for_two_who_watch", async () => {
  const draft = { bpmn: collaboration(), mapping: MAPPING };
  await server.call("PUT", "/tracking/Checkout", draft);
  await server.call("POST", "/tracking/Checkout/publish");
  await tell("t1", "OrderPlaced", "Checkout");
  await tell("t2", "OrderPlaced", "Checkout");
  await tell("t1", "PaymentReceived", "Payment");
  const people = [await browser.person(server), await browser.person(server)];
  for (const { page, open } of people) {
    await open("/trace/t1");
    await drawn(page);
    for (const pool of Object.keys(POOLS)) {
      await page.locator(".diagram").getByText(pool, { exact: true }).first().waitFor();
    }
    await page.locator(".badge.tick").nth(1).waitFor();
    const ticked = await page.locator(".is-done").evaluateAll((all) =>
      all.map((one) => one.getAttribute("data-element-id")).sort(),
    );
    assert.deepEqual(ticked, ["OrderPlaced", "PaymentReceived"]);
  }
  await tell("t1", "GoodsFetched", "Inventory");
  for (const { page } of people) {
    await page.locator('.is-done[data-element-id="GoodsFetched"]').waitFor();
    await page.getByRole("cell", { name: "GoodsFetched" }).waitFor();
  }
  browser.quiet();
});

test("tracked_flows_stand_beside_executed_ones_and_are_marked", async () => {
  const { page, open } = await browser.person(server);
  await open("/processes");
  const row = page.getByRole("row", { name: /Checkout/ });
  await row.getByText("tracked").waitFor();
  await row.getByRole("link", { name: "Checkout" }).click();
  await drawn(page);
  await page.getByRole("link", { name: "t1" }).waitFor();
  await page.getByRole("link", { name: "t2" }).click();
  await page.waitForURL("**/flows/Checkout/t2");
  await drawn(page);
  await page.getByRole("link", { name: "Messages with this trace id" }).click();
  await page.waitForURL("**/trace/t2");
  await page.getByText("1 messages").waitFor();
  browser.quiet();
});

test("a_case_shows_what_it_waits_for_and_what_it_did_otherwise", async () => {
  const steps = ["begun", "pick", "ship"];
  const bpmn = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test">
  <bpmn:process id="Parcel">
    <bpmn:startEvent id="begun" name="Begun" />
    <bpmn:task id="pick" name="Pick" /><bpmn:task id="pack" name="Pack" />
    <bpmn:task id="ship" name="Ship" /><bpmn:task id="bill" name="Bill" />
    <bpmn:sequenceFlow id="a" sourceRef="begun" targetRef="pick" />
    <bpmn:sequenceFlow id="b" sourceRef="pick" targetRef="pack" />
    <bpmn:sequenceFlow id="c" sourceRef="pack" targetRef="ship" />
    <bpmn:sequenceFlow id="e" sourceRef="ship" targetRef="bill" />
  </bpmn:process>
</bpmn:definitions>`;
  await server.call("PUT", "/tracking/Parcel", { bpmn, mapping: MAPPING });
  await server.call("POST", "/tracking/Parcel/publish");
  // It ships what nobody packed.
  for (const step of steps) await tell("p1", step, "Parcel");
  const { page, open } = await browser.person(server);
  await open("/flows/Parcel/p1");
  await drawn(page);
  const findings = page.getByRole("region", { name: "Findings", exact: true });
  await findings.getByRole("cell", { name: "pack" }).first().waitFor();
  const waits = page.getByRole("region", { name: "What it waits for" });
  await waits.getByText("bill").waitFor();
  const events = page.getByRole("region", { name: "Events", exact: true });
  await events.getByRole("cell", { name: "ship" }).waitFor();
  // Live: the event that it waits for comes.
  await tell("p1", "bill", "Parcel");
  await events.getByRole("cell", { name: "bill" }).waitFor();
  browser.quiet();
});
