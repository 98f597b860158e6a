// Flows that nobody orchestrates, in the same console.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readFileSync } from "node:fs";
import { Browser, ROOT, cells, drawn, saved, startServer } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
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

function event(trace, type, source, time = Date.now()) {
  return {
    specversion: "1.0",
    id: `${trace}-${type}`,
    type,
    source,
    traceid: trace,
    time: new Date(time).toISOString(),
    data: {},
  };
}

async function tell(...one) {
  await tellAll([event(...one)]);
}

async function tellAll(events) {
  const answer = await fetch(`${server.url}/events`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify(events),
  });
  assert.equal(answer.status, 204, await answer.text());
}

/** A tracked flow of steps in a line. */
async function track(process, steps, more = {}) {
  const tasks = steps.map((step) => `<bpmn:task id="${step}" name="${step}" />`);
  const flows = steps.slice(1).map((step, at) =>
    `<bpmn:sequenceFlow id="f${at}" sourceRef="${steps[at]}" targetRef="${step}" />`,
  );
  const bpmn = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    targetNamespace="https://grevy.dev/test">
  <bpmn:process id="${process}">${tasks.join("")}${flows.join("")}</bpmn:process>
</bpmn:definitions>`;
  await server.call("PUT", `/tracking/${process}`, { bpmn, mapping: MAPPING, ...more });
  await server.call("POST", `/tracking/${process}/publish`);
}

/** The elements that are marked as reached. */
const ticked = (page) =>
  page
    .locator(".is-done")
    .evaluateAll((all) => all.map((one) => one.getAttribute("data-element-id")).sort());

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
    assert.deepEqual(await ticked(page), ["OrderPlaced", "PaymentReceived"]);
  }
  await tell("t1", "GoodsFetched", "Inventory");
  for (const { page } of people) {
    await page.locator('.is-done[data-element-id="GoodsFetched"]').waitFor();
    await page.getByRole("cell", { name: "GoodsFetched" }).waitFor();
    // Nothing else has been reached, and nothing that had been is forgotten.
    assert.deepEqual(await ticked(page), ["GoodsFetched", "OrderPlaced", "PaymentReceived"]);
    assert.equal(await page.locator(".badge.tick").count(), 3);
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
  // One that has not begun waits since its first event, not since 1970.
  await tell("p2", "pack", "Parcel");
  await open("/flows/Parcel");
  const early = page.getByRole("row", { name: /p2.*Early/ });
  await early.waitFor();
  assert.doesNotMatch(await early.innerText(), /\d{3,} d/);
  browser.quiet();
});

test("v1_places_and_findings_of_message_events_stand_at_their_elements", async () => {
  const shared = server;
  server = await startServer();
  const file = readFileSync(`${ROOT}/demos/order/order-tracking.bpmn`, "utf8");
  // Its messages are named like their elements; those of the other like nothing else.
  const other = file
    .replace('"PaymentReceived" />', '"shop.paid" />')
    .replace('"GoodsFetched" />', '"shop.fetched" />')
    .replace('"GoodsShipped" />', '"shop.shipped" />')
    .replaceAll('"order-tracking"', '"shop-tracking"');
  const of = { GoodsFetched: "shop.fetched" };
  for (const [process, bpmn, type] of [
    ["order-tracking", file, (step) => step],
    ["shop-tracking", other, (step) => of[step] ?? step],
  ]) {
    await server.call("PUT", `/tracking/${process}`, { bpmn, mapping: MAPPING });
    await server.call("POST", `/tracking/${process}/publish`);
    const start = Date.now() - 5 * 60_000;
    for (const [n, step] of ["OrderPlaced", "GoodsFetched"].entries()) {
      await tell(`${process}-skips`, type(step), process, start + n * 60_000);
    }
    const { page, open } = await browser.person(server);
    await open(`/flows/${process}/${process}-skips`);
    await drawn(page);
    await page.locator('.is-done[data-element-id="GoodsFetched"]').waitFor();
    assert.deepEqual(await ticked(page), ["GoodsFetched", "OrderPlaced"]);
    const at = (id, mark) => page.locator(`${mark}[data-element-id="${id}"]`).first().waitFor();
    await at("PaymentReceived", ".has-incident");
    await at("GoodsFetched", ".is-active");
    await open(`/flows/${process}`);
    await drawn(page);
    await at("PaymentReceived", ".has-incident");
    await at("GoodsFetched", ".is-active");
    // What was found is told in full also where there is little room.
    await page.setViewportSize({ width: 800, height: 900 });
    const told = page.getByRole("cell", { name: /^Skipped/ });
    const { x, width } = await told.boundingBox();
    assert.ok(x + width <= 800 && width >= 160, `${x} ${width}`);
    // A case is found by a part of its name, however it is written; a trace by its id.
    await page.keyboard.press("Control+K");
    const search = page.getByRole("combobox");
    for (const part of [`${process}-SKIPS`, `${process.slice(1).toUpperCase()}-skI`]) {
      await search.fill(part);
      await page.getByRole("option", { name: /^Case/ }).first().waitFor();
      assert.equal(await page.getByRole("option", { name: /^Trace/ }).count(), 0);
    }
    await search.fill(process);
    await page.getByRole("option", { name: /^Process.*Tracked/ }).waitFor();
    await page.keyboard.press("Escape");
    // The list of processes counts its cases, and its own list finds them by a part, too.
    await open("/processes");
    const row = page.getByRole("row", { name: new RegExp(process) });
    const { length } = await server.call("GET", `/tracking/${process}/cases`);
    await row.getByRole("cell").nth(4).getByText(`${length}`, { exact: true }).waitFor();
    await row.getByRole("cell").nth(4).getByRole("link").click();
    await page.getByLabel("Case", { exact: true }).fill("SKIPS");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: `${process}-skips` }).waitFor();
    await page.getByLabel("Case", { exact: true }).fill("no-such-case");
    await page.keyboard.press("Enter");
    await page.getByText("No case is like this.").waitFor();
    await page.context().close();
  }
  browser.quiet();
  await server.stop();
  server = shared;
});

test("v7_a_case_that_is_quiet_for_too_long_is_listed_on_home", async () => {
  await track("Slow", ["asked", "answered"], { stuckAfter: "PT1H" });
  const now = Date.now();
  await tell("quiet", "asked", "Slow", now - 90 * 60_000);
  await tell("healthy", "asked", "Slow", now - 60_000);
  const { page, open } = await browser.person(server);
  await open("/");
  const list = page.getByRole("region", { name: "Stuck and late" });
  const row = list.getByRole("row", { name: /quiet/ });
  await row.getByText("1 h 30 min").waitFor();
  await row.getByText("waits for answered").waitFor();
  assert.equal(await list.getByText("healthy").count(), 0, "a healthy one is not listed");
  await row.getByRole("link").click();
  await page.waitForURL("**/flows/Slow/quiet");
  await drawn(page);
  browser.quiet();
});

test("b1_b3_screen_csv_and_api_say_the_same_of_a_tracked_flow", async () => {
  // A bus of its own: events of other flows begin early cases of every flow that knows no better.
  const shared = server;
  server = await startServer();
  await track("Timed", ["timed-begun", "timed-done"]);
  const start = Date.parse("2026-01-05T08:00:00Z");
  const MINUTE = 60_000;
  // Eighteen take ten minutes, two take thirty hours.
  const events = Array.from({ length: 20 }, (_, n) => {
    const took = n < 18 ? 10 * MINUTE : 30 * 60 * MINUTE;
    const begun = event(`c${n}`, "timed-begun", "Timed", start + n * MINUTE);
    return [begun, event(`c${n}`, "timed-done", "Timed", start + n * MINUTE + took)];
  });
  await tellAll(events.flat());
  let stats;
  for (const until = Date.now() + 10_000; stats?.events !== 40 && Date.now() < until; ) {
    stats = await server.call("GET", "/tracking/Timed/stats?target=PT24H");
  }
  const { p95_ms, kept, breaches, allowance_used } = stats.target;
  assert.deepEqual([p95_ms, kept, breaches, allowance_used], [108_000_000, false, 2, 2]);
  const { page, open } = await browser.person(server);
  await open("/flows/Timed?target=PT24H");
  const whole = page.getByRole("region", { name: "Whole flow" });
  await whole.getByRole("cell", { name: "200 %" }).waitFor();
  assert.deepEqual((await saved(page, "Whole flow"))[1], [
    ...[stats.cases, stats.duration.p50_ms, p95_ms, stats.target.within_ms].map(String),
    ...[kept, breaches, allowance_used].map(String),
  ]);
  assert.deepEqual(
    (await cells(page, "Whole flow"))[0],
    ["20", "10 min", "1 d 6 h", "1 d", "no", "2", "200 %"],
  );
  const csv = (await saved(page, "Steps")).slice(1);
  const told = Object.entries(stats.steps).map(([name, { events, cases, waited }]) => {
    const times = waited.count === 0 ? ["", ""] : [waited.p50_ms, waited.p95_ms];
    return [name, events, cases, ...times].map(String);
  });
  assert.deepEqual(csv, told);
  assert.deepEqual(await cells(page, "Steps"), [
    ["timed-begun", "20", "20", "–", "–"],
    ["timed-done", "20", "20", "10 min", "1 d 6 h"],
  ]);
  await page.context().close();
  browser.quiet();
  await server.stop();
  server = shared;
});
