// What stands still, who did what, how long things take.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser, cells, drawn, oneTask, saved, startServer } from "./harness.mjs";

const MINUTE = 60_000;
const DAY = 86_400_000;

let server;
let browser;
let folder;
before(async () => {
  browser = await Browser.start();
  folder = await mkdtemp(join(tmpdir(), "grevy-console-"));
});
after(async () => {
  await browser?.stop();
  await rm(folder, { recursive: true, force: true });
});

const stopClock = (at) => server.call("PUT", "/v2/clock", { timestamp: at });

function waiting(id) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <bpmn:message id="m" name="PaymentReceived">
    <bpmn:extensionElements><zeebe:subscription correlationKey="=orderId" /></bpmn:extensionElements>
  </bpmn:message>
  <bpmn:process id="${id}" isExecutable="true">
    <bpmn:startEvent id="begun" />
    <bpmn:sequenceFlow id="f1" sourceRef="begun" targetRef="paid" />
    <bpmn:intermediateCatchEvent id="paid" name="Payment received">
      <bpmn:messageEventDefinition messageRef="m" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="f2" sourceRef="paid" targetRef="done" />
    <bpmn:endEvent id="done" />
  </bpmn:process>
</bpmn:definitions>`;
}

test("v7_an_order_that_waits_in_silence_is_listed_with_its_message", async () => {
  server = await startServer("--pinnable-clock");
  await server.deploy("silent.bpmn", waiting("silent"));
  // The engine's time does not go back: a little ahead, then three days.
  const now = Date.now() + 60_000 + 3 * DAY;
  await stopClock(now - 3 * DAY);
  const stuck = await server.create("silent", { orderId: "order-1" });
  // The right name and nearly the right key: kept, and taken by nobody.
  await server.post("/messages/publication", {
    name: "PaymentReceived",
    correlationKey: "ORDER-1",
    timeToLive: 30 * DAY,
  });
  await stopClock(now);
  const healthy = await server.create("silent", { orderId: "order-2" });
  const { page, open } = await browser.person(server);
  await page.clock.setFixedTime(now);
  await open("/");
  const list = page.getByRole("region", { name: "Stuck and late" });
  const row = list.getByRole("row", { name: new RegExp(stuck) });
  await row.getByText("3 d", { exact: true }).waitFor();
  await row.getByText(/PaymentReceived.*order-1/).waitFor();
  assert.equal(await list.getByText(healthy).count(), 0, "a healthy one is not listed");
  // An hour is the threshold, by the engine's clock.
  const listed = async (at) => {
    await stopClock(at);
    for (const until = Date.now() + 10_000; Date.now() < until; ) {
      const { stuck, throughput } = await server.call("GET", "/grevy/v1/overview");
      // It is read once a second; this one is of the time that was set.
      if (Date.parse(throughput.at(-1).time) <= at - 10_000) continue;
      return stuck.map((one) => one.processInstanceKey).sort();
    }
    assert.fail("expected an overview of the time that was set");
  };
  assert.deepEqual(await listed(now + 59 * MINUTE), [stuck]);
  assert.deepEqual(await listed(now + 61 * MINUTE), [stuck, healthy].sort());
  // The instance says why, and what nearly came.
  await row.getByRole("link").click();
  const waits = page.getByRole("region", { name: "What it waits for" });
  await waits.getByText(/waited for 3 d .*PaymentReceived.*order-1/).waitFor();
  await waits.getByText(/Near miss.*ORDER-1/).waitFor();
  assert.equal(await waits.locator(".near mark").first().innerText(), "ORDER");
  // It is found by a part of the key, whatever the case of its letters.
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill("RDER-1");
  await page.getByRole("option", { name: /^Message.*PaymentReceived · order-1/ }).waitFor();
  await page.keyboard.press("Escape");
  // Publish what it waits for, filled in already.
  await waits.getByRole("button", { name: "Publish this message" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Correlation key").inputValue(), "order-1");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await page.locator(".head .chip.completed").waitFor();
  await page.context().close();
  browser.quiet();
  await server.stop();
});

test("v6_what_a_named_user_did_stands_with_the_instance", async () => {
  const token = "a-token-of-ann-that-is-long-enough";
  const sha256 = createHash("sha256").update(token).digest("hex");
  const file = join(folder, "grevy.toml");
  await writeFile(file, `[[token]]\nname = "ann"\nsha256 = "${sha256}"\nrole = "admin"\n`);
  server = await startServer("--config", file);
  server.token = token;
  await server.deploy("audited.bpmn", oneTask("audited"));
  const since = Date.now() - 1_000;
  const key = await server.create("audited", { n: 1 });
  await server.fail("audited", 1, "no answer");
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  // Nobody is let in without a token.
  const dialog = page.getByRole("dialog", { name: "Who asks?" });
  await dialog.getByLabel("Token").fill(token);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  const say = (where, text) => where.getByLabel("Comment, for the log").fill(text);
  await page.getByRole("button", { name: "Edit n" }).click();
  await page.getByLabel("Value of n, as JSON").fill("2");
  await say(page.locator(".editor"), "was counted wrong");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("'n' is set.").waitFor();
  const broken = page.locator(".broken");
  await say(broken, "Jörg found it, 100 %");
  await broken.getByRole("button", { name: "Retry" }).click();
  await broken.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Modify" }).click();
  const panel = page.getByRole("region", { name: "Modification" });
  await panel.getByLabel("Element", { exact: true }).selectOption({ label: "Do the work" });
  await panel.getByRole("button", { name: "Add a token" }).click();
  await panel.getByRole("button", { name: "Apply" }).click();
  await say(page.getByRole("dialog"), "one parcel more");
  await page.getByRole("dialog").getByRole("button", { name: "Apply it" }).click();
  // The modification is there to be seen.
  await panel.waitFor({ state: "detached" });
  await page.locator(".badge.active text", { hasText: /^2$/ }).waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await say(page.getByRole("dialog"), "customer gave up");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
  await page.locator(".head .chip.canceled").waitFor();
  // A line for each: when, who, what, comment.
  const log = page.getByRole("region", { name: "What people did" });
  await log.getByText("customer gave up").waitFor();
  const lines = await cells(page, "What people did");
  const told = [
    ["ann", "Cancel process instance", "", "customer gave up"],
    ["ann", "Modify process instance", "added: work", "one parcel more"],
    ["ann", "Resolve incident", "", "Jörg found it, 100 %"],
    ["ann", "Update job", "retries = 1", "Jörg found it, 100 %"],
    ["ann", "Update variable", "n", "was counted wrong"],
    ["ann", "Create process instance", "", ""],
  ];
  assert.deepEqual(lines.map((line) => line.slice(1, 5)), told);
  const times = lines.map(([when]) => Date.parse(when.replace(" ", "T")));
  assert.ok(times.every((at) => at >= since - 1_000 && at <= Date.now()), String(times));
  const { items } = await server.call("POST", "/grevy/v1/audit-logs/search", {
    filter: { processInstanceKey: key, actorId: "ann" },
    sort: [{ field: "timestamp", order: "DESC" }],
  });
  assert.deepEqual(items.map((item) => item.comment ?? ""), told.map((line) => line[3]));
  // The first calls were made without a token.
  await page.context().close();
  browser.quiet(/401/);
  await server.stop();
});

test("b1_b3_screen_csv_and_api_say_the_same_of_known_durations", async () => {
  server = await startServer("--pinnable-clock");
  const definition = await server.deploy("timed.bpmn", oneTask("timed"));
  const begin = Date.now() + 60_000;
  // Eighteen take ten seconds, two take a thousand.
  for (let n = 0; n < 20; n++) {
    const at = begin + n * 2_000_000;
    await stopClock(at);
    await server.create("timed");
    await stopClock(at + (n >= 18 ? 1_000_000 : 10_000));
    await server.complete("timed", 1);
  }
  const path = `/grevy/v1/process-definitions/${definition}/heat?target=PT1M`;
  const heat = await server.call("GET", path);
  const work = heat.elements.find((element) => element.elementId === "work");
  assert.deepEqual([work.completed, work.p50Ms, work.p95Ms], [20, 10_000, 1_000_000]);
  assert.deepEqual(heat.instances, { completed: 20, p50Ms: 10_000, p95Ms: 1_000_000 });
  const { page, open } = await browser.person(server);
  await open(`/processes/${definition}?heat=p50&target=PT1M`);
  await drawn(page);
  await page.getByRole("cell", { name: "work", exact: true }).waitFor();
  // Every figure of every element: API = CSV = screen.
  const csv = (await saved(page, "Elements")).slice(1);
  const figures = (one) =>
    [one.active, one.incidents, one.waiting, one.completed, one.canceled, one.p50Ms, one.p95Ms];
  const told = heat.elements.map((one) => [one.elementId, ...figures(one)].map(String));
  assert.deepEqual(csv.map((row) => row.slice(1)), told);
  const screen = (await cells(page, "Elements")).map((row) => row.slice(1));
  assert.deepEqual(screen, [
    ["begun", "0", "0", "0", "20", "0", "0 ms", "0 ms"],
    ["work", "0", "0", "0", "20", "0", "10 s", "16 min 40 s"],
    ["done", "0", "0", "0", "20", "0", "0 ms", "0 ms"],
  ]);
  assert.equal(await page.locator(".badge.note text").first().textContent(), "10 s");
  // The promise: one minute for 95 of a hundred. One in twenty may take longer, two did.
  const { withinMs, kept, breaches, allowanceUsed } = heat.target;
  assert.deepEqual([withinMs, kept, breaches, allowanceUsed], [60_000, false, 2, 2]);
  assert.deepEqual((await saved(page, "Whole flow"))[1], [
    ...["20", "10000", "1000000", "60000", "false", "2", "2"],
  ]);
  assert.deepEqual(
    (await cells(page, "Whole flow"))[0],
    ["20", "10 s", "16 min 40 s", "1 min", "no", "2", "200 %"],
  );
  // Of those that ended lately only.
  const slow = begin + 18 * 2_000_000 - MINUTE;
  const local = slow - new Date(slow).getTimezoneOffset() * MINUTE;
  const lately = new Date(local).toISOString().slice(0, 16);
  await open(`/processes/${definition}?heat=p50&from=${lately}`);
  await page.locator(".badge.note text", { hasText: "16 min 40 s" }).waitFor();
  assert.deepEqual((await cells(page, "Whole flow"))[0].slice(0, 3), ["2", "16 min 40 s", "16 min 40 s"]);
  const shown = page.getByRole("region", { name: "Instances", exact: true });
  await shown.getByText("2", { exact: true }).waitFor();
  assert.equal((await cells(page, "Instances")).length, 2);
  await page.context().close();
  browser.quiet();
  await server.stop();
});
