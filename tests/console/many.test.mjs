// A thousand incidents with one cause, at night.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, oneTask, saved, startServer } from "./harness.mjs";

const INCIDENTS = 1_000;

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

test("v3_a_thousand_incidents_are_one_line_and_one_retry", async () => {
  await server.deploy("bulk.bpmn", oneTask("bulk"));
  for (let n = 0; n < INCIDENTS; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, m) => server.create("bulk", { n: n + m })));
  }
  let order = 0;
  await server.work("bulk", INCIDENTS, (job) =>
    server.post(`/jobs/${job.jobKey}/failure`, {
      retries: 0,
      errorMessage: `timeout of order ${order++}`,
    }),
  );
  const { page, open } = await browser.person(server);
  await open("/");
  const groups = page.getByRole("region", { name: "Incidents by cause" });
  await groups.getByRole("cell", { name: "1000", exact: true }).waitFor();
  assert.equal(await groups.locator("tbody tr").count(), 1, "one cause, one line");
  await groups.getByRole("link", { name: /timeout of order/ }).click();
  await page.getByText("50 of 1,000").waitFor();
  const csv = await saved(page, "Incidents");
  assert.equal(csv.length, 1 + INCIDENTS, "CSV has all rows, not those on screen");
  assert.equal(new Set(csv.slice(1).map((row) => row[1])).size, INCIDENTS);
  await page.getByRole("button", { name: "Retry all 1,000" }).click();
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  await page.getByText("1,000 of 1,000 are tried again.").waitFor({ timeout: 60_000 });
  await page.getByText("No open incident.").waitFor();
  const left = await server.post("/incidents/search", { filter: { state: "ACTIVE" } });
  assert.equal(left.page.totalItems, 0);
  browser.quiet();
});
