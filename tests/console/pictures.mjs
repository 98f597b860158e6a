// Pictures of every view, in light and dark, wide and narrow: node pictures.mjs FOLDER

import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { Browser, drawn, oneTask, startServer } from "./harness.mjs";

const folder = resolve(process.argv[2] ?? "pictures");
const WIDTHS = {
  wide: { width: 1280, height: 800 },
  middle: { width: 800, height: 800 },
  narrow: { width: 420, height: 800 },
};

const ORDER = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <bpmn:message id="m" name="payment received"><bpmn:extensionElements>
    <zeebe:subscription correlationKey="=orderId" /></bpmn:extensionElements></bpmn:message>
  <bpmn:process id="order" name="Order" isExecutable="true">
    <bpmn:startEvent id="placed" name="Order placed" />
    <bpmn:sequenceFlow id="f1" sourceRef="placed" targetRef="check" />
    <bpmn:serviceTask id="check" name="Check stock"><bpmn:extensionElements>
      <zeebe:taskDefinition type="check-stock" retries="1" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="check" targetRef="large" />
    <bpmn:exclusiveGateway id="large" name="Large order?" default="no" />
    <bpmn:sequenceFlow id="yes" name="yes" sourceRef="large" targetRef="approve">
      <bpmn:conditionExpression>=amount &gt; 100</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="no" name="no" sourceRef="large" targetRef="paid" />
    <bpmn:userTask id="approve" name="Approve"><bpmn:extensionElements><zeebe:userTask />
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:sequenceFlow id="f3" sourceRef="approve" targetRef="paid" />
    <bpmn:intermediateCatchEvent id="paid" name="Payment received">
      <bpmn:messageEventDefinition messageRef="m" /></bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f4" sourceRef="paid" targetRef="ship" />
    <bpmn:serviceTask id="ship" name="Ship goods"><bpmn:extensionElements>
      <zeebe:taskDefinition type="ship-goods" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f5" sourceRef="ship" targetRef="done" />
    <bpmn:endEvent id="done" name="Order delivered" />
  </bpmn:process>
</bpmn:definitions>`;

async function fill(server) {
  await server.deploy("order.bpmn", ORDER);
  await server.deploy("invoice.bpmn", oneTask("invoice", "send-invoice"));
  const keys = [];
  for (let at = 0; at < 24; at++) {
    const variables = {
      orderId: `o-${1000 + at}`,
      amount: 20 + 13 * at,
      customer: { name: "Ann Miller", address: { city: "Ulm" } },
    };
    const more = { businessId: `order-${1000 + at}` };
    keys.push(await server.create("order", variables, more));
  }
  for (let at = 0; at < 3; at++) await server.create("invoice");
  await server.complete("check-stock", 18, { inStock: true });
  await server.fail("check-stock", 3, "no connection to shelf 17: timed out after 5 s");
  for (const at of [0, 1, 2, 3]) {
    await server.post("/messages/publication", {
      name: "payment received",
      correlationKey: `o-${1000 + at}`,
      timeToLive: 60_000,
    });
  }
  // Nearly: another spelling of the key.
  await server.post("/messages/publication", {
    name: "payment received",
    correlationKey: "O-1005",
    timeToLive: 3_600_000,
  });
  await server.complete("ship-goods", 2);
  const tell = (trace, type, time = Date.now()) =>
    fetch(`${server.url}/events`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify({
        specversion: "1.0",
        id: `${trace}-${type}`,
        type,
        source: "shop",
        traceid: trace,
        time: new Date(time).toISOString(),
        data: {},
      }),
    });
  const mapping = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\n";
  const steps = ["Order placed", "Goods fetched", "Goods packed", "Goods shipped"];
  const flows = steps.slice(1).map((step, at) =>
    `<bpmn:sequenceFlow id="s${at}" sourceRef="t${at}" targetRef="t${at + 1}" />`,
  );
  const tasks = steps.map((step, at) => `<bpmn:task id="t${at}" name="${step}" />`);
  const bpmn = `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test"><bpmn:process id="Delivery" name="Delivery">
    ${tasks.join("")}${flows.join("")}</bpmn:process></bpmn:definitions>`;
  await server.call("PUT", "/tracking/Delivery", { bpmn, mapping, stuckAfter: "PT4H" });
  await server.call("POST", "/tracking/Delivery/publish");
  for (const step of steps.slice(0, 3)) await tell("d-1", step);
  for (const step of [steps[0], steps[1], steps[3]]) await tell("d-2", step);
  await tell("d-3", steps[0]);
  for (const step of steps.slice(0, 2)) await tell("d-4", step, Date.now() - 6 * 3_600_000);
  return keys;
}

const server = await startServer();
const browser = await Browser.start();
const keys = await fill(server);
const { items } = await server.post("/incidents/search", {});
const definitions = await server.post("/process-definitions/search", {
  filter: { processDefinitionId: "order" },
});
const process_ = definitions.items[0].processDefinitionKey;
const VIEWS = {
  home: "/",
  processes: "/processes",
  process: `/processes/${process_}`,
  heat: `/processes/${process_}?heat=p95&target=PT5S`,
  incidents: "/incidents",
  "instance-incident": `/instances/${items[0].processInstanceKey}`,
  "instance-waits": `/instances/${keys[5]}`,
  "instance-task": `/instances/${keys[15]}`,
  "instance-done": `/instances/${keys[0]}`,
  flow: "/flows/Delivery?target=PT24H",
  case: "/flows/Delivery/d-2",
  trace: "/trace/d-1",
};
mkdirSync(folder, { recursive: true });
for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    const { page, open, context } = await browser.person(server, { colorScheme, viewport });
    for (const [name, path] of Object.entries(VIEWS)) {
      await open(path);
      if (!["home", "processes", "incidents"].includes(name)) await drawn(page);
      await page.waitForTimeout(700);
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    }
    const shoot = (name) =>
      page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    await open(VIEWS["instance-waits"]);
    await drawn(page);
    await page.getByRole("button", { name: "Modify" }).click();
    await page.locator('[data-element-id="paid"] .djs-hit').first().click();
    await page.getByRole("button", { name: "Add a token" }).click();
    await shoot("modify");
    await page.getByRole("button", { name: "Apply" }).click();
    await shoot("modify-summary");
    await page.keyboard.press("Escape");
    await open(VIEWS.incidents);
    await page.getByRole("button", { name: /Retry all/ }).click();
    await shoot("retry-all");
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("o-10");
    await page.waitForTimeout(700);
    await page.screenshot({ path: `${folder}/palette-${colorScheme}-${width}.png` });
    await context.close();
  }
}
const complaints = browser.complaints.splice(0);
await browser.stop();
await server.stop();
console.log(`${folder}: ${Object.keys(VIEWS).length} views, four dialogs; complaints: ${complaints.length}`);
complaints.forEach((text) => console.log(text));
