// An operator at work: find what is stuck, see why, mend it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, cells, drawn, oneTask, saved, startServer } from "./harness.mjs";

const CAUSE = "card 4711 was declined";
const AGAIN = "no answer within 5 s\n  at Provider.charge (provider.js:17)";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
  await server.deploy("pay.bpmn", oneTask("pay"));
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
});

test("l3_v3_an_incident_is_found_from_home_understood_mended_and_gone", async () => {
  const order = { amount: 120, card: "expired" };
  const key = await server.create("pay", order, { businessId: "order-1" });
  await server.fail("pay", 1, CAUSE);
  const { page, open } = await browser.person(server);
  await open("/");
  // Home: errors first, by cause.
  const groups = page.getByRole("region", { name: "Incidents by cause" });
  await groups.getByRole("link", { name: CAUSE }).click();
  await page.getByRole("region", { name: "Incidents", exact: true }).waitFor();
  await page.getByRole("link", { name: key }).click();
  // The instance: the cause, and where it is.
  const broken = page.locator(".broken");
  await broken.getByText(CAUSE).waitFor();
  await drawn(page);
  await page.locator(".badge.incident text", { hasText: /^1$/ }).waitFor();
  await page.locator('.has-incident[data-element-id="work"]').waitFor();
  await page.locator('.taken[data-element-id="to-work"]').waitFor({ state: "attached" });
  assert.equal(await page.locator('[data-element-id="to-done"].taken').count(), 0);
  // Mend the data.
  await page.getByRole("button", { name: "Edit card" }).click();
  await page.getByLabel("Value of card, as JSON").fill('"valid"');
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("pre.value", { hasText: '"valid"' }).waitFor();
  await page.getByText("Changed once").waitFor();
  // Try again, while the provider is still down: another incident, and the first stays known.
  await broken.getByRole("button", { name: "Retry" }).click();
  await broken.waitFor({ state: "detached" });
  await server.fail("pay", 1, AGAIN);
  await broken.getByText(AGAIN).waitFor();
  await broken.getByText("its job failed 2 times").waitFor();
  await page.locator('.has-incident[data-element-id="work"]').waitFor();
  // And once more: the red goes, and the work can be done.
  await broken.getByRole("button", { name: "Retry" }).click();
  await broken.waitFor({ state: "detached" });
  await page.locator('.has-incident[data-element-id="work"]').waitFor({ state: "detached" });
  await server.work("pay", 1, (job) => {
    assert.equal(job.variables.card, "valid");
    return server.post(`/jobs/${job.jobKey}/completion`, {});
  });
  await page.locator(".head .chip.completed").waitFor();
  // History keeps every attempt, and who mended it; the API says the same.
  await page.getByText("2 incidents before").click();
  for (const cause of [CAUSE, AGAIN]) await page.locator(".past").getByText(cause).waitFor();
  const incidents = await server.post("/incidents/search", {
    filter: { processInstanceKey: key },
    sort: [{ field: "creationTime" }],
  });
  assert.deepEqual(
    incidents.items.map((one) => [one.errorMessage, one.state]),
    [[CAUSE, "RESOLVED"], [AGAIN, "RESOLVED"]],
  );
  const { failures } = await server.call("GET", `/grevy/v1/explain/${key}`);
  assert.deepEqual(failures.map((one) => one.message).sort(), [CAUSE, AGAIN].sort());
  const log = page.getByRole("region", { name: "What people did" });
  assert.equal(await log.getByText("Resolve incident").count(), 2);
  assert.equal(await log.getByText("a browser", { exact: true }).count() > 0, true);
  assert.match(await log.getByText("a browser").first().getAttribute("title"), /^Mozilla/);
  browser.quiet();
});

test("a_row_of_home_leads_to_what_it_counts_and_steps_have_names", async () => {
  const model = (name) => oneTask("twice").replace("Process twice", name);
  await server.deploy("twice.bpmn", model("Twice"));
  await server.create("twice");
  await server.create("twice");
  await server.fail("twice", 2, "out of paper");
  await server.deploy("twice.bpmn", model("Twice again"));
  await server.create("twice");
  await server.fail("twice", 1, "out of paper");
  const step = await server.create("twice");
  await new Promise((done) => setTimeout(done, 20));
  await server.complete("twice", 1);
  const { page, open } = await browser.person(server);
  for (const [version, count] of [["Twice v1", 2], ["Twice again v2", 1]]) {
    await open("/");
    const groups = page.getByRole("region", { name: "Incidents by cause" });
    const row = groups.getByRole("row", { name: new RegExp(version) });
    assert.equal(await row.getByRole("cell").first().innerText(), `${count}`);
    assert.equal(await row.getByRole("cell", { name: "Do the work" }).count(), 1);
    await row.getByRole("link", { name: "out of paper" }).click();
    await page.locator(".filter", { hasText: version }).waitFor();
    await poll(() => cells(page, "Incidents"), (rows) => rows.length === count, count);
  }
  // Active ones of both versions are counted together, and listed together.
  await open("/processes");
  const row = page.getByRole("row", { name: /Twice again/ });
  assert.equal(await row.getByRole("cell").nth(4).innerText(), "3");
  await row.getByRole("cell").nth(4).getByRole("link").click();
  await poll(() => cells(page, "Instances"), (rows) => rows.length === 3, 3);
  await drawn(page);
  await page.locator(".badge.incident text", { hasText: /^3$/ }).waitFor();
  await open("/");
  const steps = page.getByRole("region", { name: "Step latency" });
  await steps.getByRole("row", { name: /Twice again v2.*Do the work/ }).waitFor();
  assert.ok(step);
  browser.quiet();
});

test("an_instance_is_suspended_and_resumed_from_its_page", async () => {
  await server.deploy("pause.bpmn", oneTask("pause"));
  const key = await server.create("pause", {}, { businessId: "pause-1" });
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  const dialog = page.getByRole("dialog");
  // Asked first, and nothing happens when the answer is no.
  await page.getByRole("button", { name: "Suspend" }).click();
  await dialog.getByRole("button", { name: "Back" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Suspend" }).click();
  await dialog.getByLabel("Comment, for the log").fill("wrong price");
  await dialog.getByRole("button", { name: "Suspend", exact: true }).click();
  await page.locator(".head .chip.suspended").waitFor();
  const waits = page.getByRole("region", { name: "What it waits for" });
  await waits.getByText("It is suspended").waitFor();
  await page.locator(".facts").getByText(/^Suspended 2/).waitFor();
  for (const name of ["Suspend", "Modify", "Publish a message"]) {
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, name);
  }
  // No job of it is given out; its list shows it among the suspended.
  const { jobs } = await server.post("/jobs/activation", {
    type: "pause", worker: "test", timeout: 1_000, maxJobsToActivate: 1, requestTimeout: -1,
  });
  assert.deepEqual(jobs, []);
  await open("/processes/pause?state=suspended");
  await page.getByRole("link", { name: key }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await dialog.getByRole("button", { name: "Resume", exact: true }).click();
  await page.locator(".head .chip.active").waitFor();
  await server.complete("pause", 1);
  await page.locator(".head .chip.completed").waitFor();
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0);
  const log = page.getByRole("region", { name: "What people did" });
  await log.getByRole("row", { name: /Suspend process instance.*wrong price/ }).waitFor();
  await log.getByRole("row", { name: /Resume process instance/ }).waitFor();
  browser.quiet();
});

test("a_long_business_id_leaves_room_for_the_reason", async () => {
  await server.deploy("wordy.bpmn", oneTask("wordy"));
  const businessId = `claim-${"0".repeat(60)}-of-a-customer`;
  const key = await server.create("wordy", {}, { businessId });
  const { page, open } = await browser.person(server);
  await open("/");
  const row = page.getByRole("region", { name: "Stuck and late" }).getByRole("row", {
    name: new RegExp(key),
  });
  await row.getByTitle(businessId).waitFor();
  const table = await row.locator("xpath=ancestor::div[1]").boundingBox();
  const why = await row.getByText(/no worker asks/).boundingBox();
  assert.ok(why.x + why.width <= table.x + table.width + 1, JSON.stringify([why, table]));
  browser.quiet();
});

test("v3_v5_filters_show_the_exact_set_also_to_who_opens_the_link", async () => {
  await server.deploy("ship.bpmn", oneTask("ship"));
  const made = {};
  for (const [business, amount, city] of [
    ["a-1", 10, "Bremen"],
    ["a-2", 200, "Bremen"],
    ["b-1", 300, "Ulm"],
    ["b-2", 400, "Bremen"],
  ]) {
    made[business] = await server.create("ship", { amount, city }, { businessId: business });
  }
  await server.post(`/process-instances/${made["b-2"]}/cancellation`);
  const { page, open } = await browser.person(server);
  await open("/processes/ship");
  const shown = async () => (await cells(page, "Instances")).map((row) => row[1]).sort();
  const settle = (expected) => poll(shown, (found) => String(found) === String(expected), expected);
  await settle(["a-1", "a-2", "b-1", "b-2"]);
  await page.getByRole("link", { name: "Active", exact: true }).click();
  await settle(["a-1", "a-2", "b-1"]);
  await page.getByPlaceholder("Variable").fill("amount > 100");
  await page.keyboard.press("Enter");
  await settle(["a-2", "b-1"]);
  await page.getByPlaceholder("Variable").fill("city = Bremen");
  await page.keyboard.press("Enter");
  await settle(["a-2"]);
  const link = page.url();
  // A colleague, who has never been here.
  const colleague = await browser.person(server);
  await colleague.page.goto(link);
  await poll(() => cells(colleague.page, "Instances"), (rows) => rows.length === 1);
  const filters = colleague.page.getByRole("search");
  const chosen = await filters.locator("[aria-current=true]").allInnerTexts();
  assert.deepEqual(chosen, ["Active"]);
  for (const test of ["amount > 100", "city = Bremen"]) {
    await filters.getByText(test, { exact: true }).waitFor();
  }
  assert.deepEqual(
    (await cells(colleague.page, "Instances")).map((row) => row.slice(0, 3)),
    [[made["a-2"], "a-2", "Active"]],
  );
  const csv = await saved(colleague.page, "Instances");
  assert.deepEqual(csv.map((row) => row[1]), ["Business id", "a-2"]);
  browser.quiet();
});

test("an_instance_is_canceled_after_a_question", async () => {
  const key = await server.create("ship", {}, { businessId: "gone" });
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Back" }).click();
  await page.locator(".head .chip.active").waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await page.locator(".head .chip.canceled").waitFor();
  browser.quiet();
});

test("job_types_that_nobody_works_on_are_marked", async () => {
  await server.deploy("lonely.bpmn", oneTask("lonely"));
  await server.create("lonely");
  const { page, open } = await browser.person(server);
  await open("/");
  const row = page.getByRole("row", { name: /lonely/ }).first();
  await row.getByText("none").waitFor();
  browser.quiet();
});

test("a_narrow_screen_is_not_wider_than_it_is", async () => {
  const key = await server.create("ship", {}, { businessId: "narrow" });
  const { page, open } = await browser.person(server, { viewport: { width: 400, height: 800 } });
  for (const path of ["/", "/processes/ship", "/incidents", `/instances/${key}`]) {
    await open(path);
    await page.locator("main > :nth-child(2)").first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 400, `${path} is ${wide} wide`);
  }
  browser.quiet();
});

/** Looks until it is as expected; says what it saw last. */
async function poll(look, good, expected = "something else") {
  let last;
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    last = await look();
    if (good(last)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`expected ${JSON.stringify(expected)}, but saw ${JSON.stringify(last)}`);
}
