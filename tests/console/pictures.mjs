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

/** Names as long as people write them, a decision, a sub-process, a version that differs. */
const CLAIM = (assess) => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <bpmn:process id="insurance-claim-settlement-of-private-customers"
      name="Settlement of insurance claims of private customers" isExecutable="true">
    <bpmn:startEvent id="reported" name="Damage reported by the customer or by a garage" />
    <bpmn:sequenceFlow id="f1" sourceRef="reported" targetRef="risk" />
    <bpmn:businessRuleTask id="risk" name="Assess the risk of fraud by the history of the customer">
      <bpmn:extensionElements><zeebe:calledDecision decisionId="risk" resultVariable="risk" />
      </bpmn:extensionElements></bpmn:businessRuleTask>
    <bpmn:sequenceFlow id="f2" sourceRef="risk" targetRef="assessment" />
    <bpmn:subProcess id="assessment" name="Assessment">
      <bpmn:startEvent id="a1" />
      <bpmn:sequenceFlow id="g1" sourceRef="a1" targetRef="assess" />
      <bpmn:serviceTask id="assess" name="${assess}"><bpmn:extensionElements>
        <zeebe:taskDefinition type="assess-the-damage-with-an-external-expert" />
      </bpmn:extensionElements></bpmn:serviceTask>
      <bpmn:sequenceFlow id="g2" sourceRef="assess" targetRef="a2" />
      <bpmn:endEvent id="a2" />
    </bpmn:subProcess>
    <bpmn:sequenceFlow id="f3" sourceRef="assessment" targetRef="settled" />
    <bpmn:endEvent id="settled" name="Claim settled or refused with reasons" />
  </bpmn:process>
</bpmn:definitions>`;

const RISK = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="risks" name="Risks"
    namespace="https://grevy.dev/test"><inputData id="claims" name="claims" />
  <decision id="risk" name="Risk of fraud">
  <informationRequirement id="q"><requiredInput href="#claims" /></informationRequirement>
  <decisionTable id="t" hitPolicy="FIRST">
    <input id="i" label="Claims before"><inputExpression id="e" typeRef="number"><text>claims</text>
    </inputExpression></input>
    <output id="o" name="risk" typeRef="string" />
    <rule id="r1"><inputEntry id="x1"><text>&lt; 3</text></inputEntry>
      <outputEntry id="y1"><text>"low"</text></outputEntry></rule>
    <rule id="r2"><inputEntry id="x2"><text>-</text></inputEntry>
      <outputEntry id="y2"><text>"look at it by hand"</text></outputEntry></rule>
  </decisionTable></decision></definitions>`;

/** Two pools that talk through messages. */
const SHOP = `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test">
  <bpmn:collaboration id="c"><bpmn:participant id="p1" name="Shop" processRef="Shop" />
    <bpmn:participant id="p2" name="Payment" processRef="Payment" />
    <bpmn:messageFlow id="m1" sourceRef="ask" targetRef="asked" />
    <bpmn:messageFlow id="m2" sourceRef="pay" targetRef="paid" /></bpmn:collaboration>
  <bpmn:process id="Shop"><bpmn:task id="ask" name="Payment asked for" />
    <bpmn:sequenceFlow id="s1" sourceRef="ask" targetRef="paid" />
    <bpmn:task id="paid" name="Payment received" /></bpmn:process>
  <bpmn:process id="Payment"><bpmn:task id="asked" name="Card charged" />
    <bpmn:sequenceFlow id="s2" sourceRef="asked" targetRef="pay" />
    <bpmn:task id="pay" name="Payment confirmed" /></bpmn:process>
</bpmn:definitions>`;

async function claims(server) {
  const form = new FormData();
  form.append("resources", new Blob([RISK]), "risk.dmn");
  await server.post("/deployments", form);
  const id = "insurance-claim-settlement-of-private-customers";
  const first = await server.deploy("claim.bpmn", CLAIM("Have the damage assessed by an expert"));
  const claim = await server.create(id, { claims: 5 }, {
    businessId: "claim-2026-000000000000000000000017-of-a-customer-with-a-long-reference",
  });
  const held = await server.create(id, { claims: 1 });
  await server.post(`/process-instances/${held}/suspension`);
  const second = await server.deploy("claim.bpmn", CLAIM("Have the damage assessed by two experts"));
  return { claim, held, first, second };
}

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
  await server.call("PUT", "/tracking/Shop", { bpmn: SHOP, mapping });
  await server.call("POST", "/tracking/Shop/publish");
  for (const step of ["Payment asked for", "Card charged", "Payment confirmed"]) {
    await tell("shop-1", step);
  }
  for (const step of steps.slice(0, 2)) await tell("d-4", step, Date.now() - 6 * 3_600_000);
  return keys;
}

const server = await startServer();
const browser = await Browser.start();
const keys = await fill(server);
const { claim, held, first, second } = await claims(server);
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
  "trace-pools": "/trace/shop-1",
  "instance-decision": `/instances/${claim}`,
  "instance-suspended": `/instances/${held}`,
  compare: `/processes/${first}?compare=${second}`,
};
mkdirSync(folder, { recursive: true });
for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    const { page, open, context } = await browser.person(server, { colorScheme, viewport });
    for (const [name, path] of Object.entries(VIEWS)) {
      await open(path);
      if (!["home", "processes", "incidents", "compare"].includes(name)) await drawn(page);
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
    await page.keyboard.type("O-10");
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
