// What stands still, who did what, how long things take.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser, cells, drawn, oneTask, saved, startServer } from "./harness.mjs";

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
  // The instance says why, and what nearly came.
  await row.getByRole("link").click();
  const waits = page.getByRole("region", { name: "What it waits for" });
  await waits.getByText(/waited for 3 d .*PaymentReceived.*order-1/).waitFor();
  await waits.getByText(/Near miss.*ORDER-1/).waitFor();
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
  const key = await server.create("audited");
  await server.fail("audited", 1, "no answer");
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  // Nobody is let in without a token.
  const dialog = page.getByRole("dialog", { name: "Who asks?" });
  await dialog.getByLabel("Token").fill(token);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".broken").getByRole("button", { name: "Retry" }).click();
  await page.locator(".broken").waitFor({ state: "detached" });
  const log = page.getByRole("region", { name: "What people did" });
  const row = log.getByRole("row", { name: /ann.*Resolve/ });
  await row.waitFor();
  assert.match(await row.innerText(), /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
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
  const heat = await server.call("GET", `/grevy/v1/process-definitions/${definition}/heat`);
  const work = heat.elements.find((element) => element.elementId === "work");
  assert.deepEqual([work.completed, work.p50Ms, work.p95Ms], [20, 10_000, 1_000_000]);
  assert.deepEqual(heat.instances, { completed: 20, p50Ms: 10_000, p95Ms: 1_000_000 });
  const { page, open } = await browser.person(server);
  await open(`/processes/${definition}?heat=p50`);
  await drawn(page);
  await page.getByRole("cell", { name: "work", exact: true }).waitFor();
  const csv = await saved(page, "Elements");
  const row = csv.find((cells) => cells[1] === "work");
  const column = (name) => row[csv[0].indexOf(name)];
  assert.deepEqual(
    [column("Completed"), column("p50"), column("p95")],
    [work.completed, work.p50Ms, work.p95Ms].map(String),
  );
  const screen = (await cells(page, "Elements")).find((cells) => cells[1] === "work");
  assert.equal(screen[csv[0].indexOf("Completed")], "20");
  const badge = await page.locator(".badge.note text").first().textContent();
  assert.ok(screen.includes(badge), `${badge} is not among ${screen}`);
  await page.context().close();
  browser.quiet();
  await server.stop();
});
