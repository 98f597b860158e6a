// Two versions of a process: what differs, and instances that go on in the other.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, cells, startServer } from "./harness.mjs";

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

const task = (id, name, type = id) => `<serviceTask id="${id}" name="${name}"><extensionElements>
  <zeebe:taskDefinition type="${type}" retries="1" /></extensionElements></serviceTask>`;
const flow = (id, from, to) => `<sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}" />`;
const model = (body) => `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <process id="parcel" name="Parcel" isExecutable="true">
    <startEvent id="begun" /><endEvent id="done" />${body}
  </process>
</definitions>`;

const FIRST = model(
  task("pick", "Pick") + task("weigh", "Weigh") + task("ship", "Ship") + flow("a", "begun", "pick") +
    flow("b", "pick", "weigh") + flow("c", "weigh", "ship") + flow("e", "ship", "done"),
);
// Nobody weighs any more, somebody packs, and shipping is another's work.
const SECOND = model(
  task("pick", "Pick") + task("pack", "Pack") + task("ship", "Ship", "ship-fast") +
    flow("a", "begun", "pick") + flow("b", "pick", "pack") + flow("c", "pack", "ship") +
    flow("e", "ship", "done"),
);

test("m3_versions_are_compared_a_migration_is_previewed_and_carried_out", async () => {
  const first = await server.deploy("parcel.bpmn", FIRST);
  const [fine, other] = [await server.create("parcel"), await server.create("parcel")];
  const stays = await server.create("parcel", {}, { businessId: "at-the-scales" });
  await server.work("pick", 3, async (job) => {
    if (job.processInstanceKey === stays) await server.post(`/jobs/${job.jobKey}/completion`);
  });
  const second = await server.deploy("parcel.bpmn", SECOND);
  const { page, open } = await browser.person(server);
  await open(`/processes/${first}`);
  await page.getByLabel("Compare with").selectOption({ label: "2" });
  await page.locator('.diagram[data-ready="true"]').nth(1).waitFor();
  const rows = (await cells(page, "Differences")).map((row) => row.slice(1, 3).join(" ")).sort();
  assert.deepEqual(rows, ["b changed", "c changed", "pack added", "ship changed", "weigh removed"]);
  const [old, now] = ["1", "2"].map((n) => page.getByLabel(`Diagram of version ${n}`));
  await old.locator('.removed[data-element-id="weigh"]').waitFor();
  await now.locator('.added[data-element-id="pack"]').waitFor();
  for (const picture of [old, now]) {
    await picture.locator('.changed[data-element-id="ship"]').waitFor();
    assert.equal(await picture.locator('.changed[data-element-id="pick"]').count(), 0);
  }
  // A colleague who opens the address sees the same.
  assert.equal(new URL(page.url()).searchParams.get("compare"), second);
  const panel = page.getByRole("region", { name: "Migration" });
  const target = (name) => panel.getByLabel(`${name} goes on at`);
  assert.equal(await target("Pick").inputValue(), "pick", "by its id");
  assert.equal(await target("Weigh").inputValue(), "", "nothing has its id");
  const versions = async () => {
    const { items } = await server.post("/process-instances/search", {
      filter: { processInstanceKey: { $in: [fine, other, stays] } },
    });
    const found = items.map((one) => [one.processInstanceKey, one.processDefinitionVersion]);
    return Object.fromEntries(found);
  };
  // What cannot be is said before anything happens.
  await panel.getByRole("button", { name: "Preview" }).click();
  const refused = panel.getByRole("region", { name: "Refused" });
  await refused.getByRole("row", { name: /at-the-scales.*weigh/ }).waitFor();
  await refused.getByText("2 can migrate, these cannot").waitFor();
  assert.deepEqual(await versions(), { [fine]: 1, [other]: 1, [stays]: 1 });
  // Two go on; the third where a person says.
  await panel.getByRole("button", { name: "Migrate 2" }).click();
  await page.getByRole("dialog").getByLabel("Comment, for the log").fill("new scales");
  await page.getByRole("dialog").getByRole("button", { name: "Migrate", exact: true }).click();
  await page.getByText("2 of 2 go on in version 2.").waitFor();
  await refused.getByText("All of them did.").waitFor();
  assert.deepEqual(await versions(), { [fine]: 2, [other]: 2, [stays]: 1 });
  await target("Pick").waitFor({ state: "detached" });
  await target("Weigh").selectOption({ label: "Pack" });
  await panel.getByRole("button", { name: "Preview" }).click();
  await panel.getByText("Nothing speaks against it.").waitFor();
  await panel.getByRole("button", { name: "Migrate 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Migrate", exact: true }).click();
  await panel.getByText("No instance of it is active.").waitFor();
  assert.deepEqual(await versions(), { [fine]: 2, [other]: 2, [stays]: 2 });
  await open(`/instances/${fine}`);
  const log = page.getByRole("region", { name: "What people did" });
  await log.getByRole("row", { name: /Migrate.*to parcel version 2.*new scales/ }).waitFor();
  browser.quiet(/status of 409/);
});

test("m3_what_is_refused_at_the_last_moment_is_listed_with_its_reason", async () => {
  await server.deploy("late.bpmn", FIRST.replaceAll("parcel", "late"));
  const keys = [];
  for (let at = 0; at < 3; at++) keys.push(await server.create("late"));
  const first = (await server.post("/process-definitions/search", {
    filter: { processDefinitionId: "late" },
  })).items[0].processDefinitionKey;
  await server.deploy("late.bpmn", SECOND.replaceAll("parcel", "late"));
  const { page, open } = await browser.person(server);
  await open(`/processes/${first}`);
  await page.getByLabel("Compare with").selectOption({ label: "2" });
  const panel = page.getByRole("region", { name: "Migration" });
  await panel.getByRole("button", { name: "Preview" }).click();
  await panel.getByRole("button", { name: "Migrate 3" }).click();
  // Meanwhile one goes on to where nothing is its like.
  await server.work("pick", 3, async (job) => {
    if (job.processInstanceKey === keys[1]) await server.post(`/jobs/${job.jobKey}/completion`);
  });
  await page.getByRole("dialog").getByRole("button", { name: "Migrate", exact: true }).click();
  await page.getByText("2 of 3 go on in version 2.").waitFor();
  const refused = panel.getByRole("region", { name: "Refused" });
  await refused.getByText("2 migrated, these did not").waitFor();
  await refused.getByRole("row", { name: new RegExp(`${keys[1]}.*weigh`) }).waitFor();
  assert.equal((await cells(page, "Refused")).length, 1);
  browser.quiet(/status of 409/);
});
