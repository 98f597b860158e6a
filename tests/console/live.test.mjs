// Two people follow the same flow, and a cable that is cut.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, cable, drawn, oneTask, startServer } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
  await server.deploy("live.bpmn", oneTask("live"));
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
});

const active = (page, text) =>
  page.locator(".badge.active text", { hasText: new RegExp(`^${text}$`) });

test("two_tabs_follow_live", async () => {
  const people = [await browser.person(server), await browser.person(server)];
  for (const { page, open } of people) {
    await open("/processes/live");
    await drawn(page);
    await page.getByRole("status").getByText("Live").or(page.locator(".link.live")).first().waitFor();
  }
  for (let n = 0; n < 3; n++) await server.create("live");
  for (const { page } of people) await active(page, "3").waitFor();
  await server.complete("live", 1);
  for (const { page } of people) {
    await active(page, "2").waitFor();
    await page.getByRole("region", { name: "Instances" }).getByText("Completed").waitFor();
  }
  browser.quiet();
});

test("a_stream_that_was_cut_goes_on_where_it_was", async () => {
  const wire = await cable(server);
  const key = await server.create("live");
  const { page } = await browser.person({ url: wire.url });
  const resumed = [];
  page.on("request", (request) => {
    const from = request.headers()["last-event-id"];
    if (from !== undefined) resumed.push(from);
  });
  await page.goto(`${wire.url}/instances/${key}`);
  await page.locator(".link.live").waitFor();
  // What people did names the variable, too.
  const variables = page.getByRole("region", { name: "Variables", exact: true }).first();
  await server.call("PUT", `/v2/element-instances/${key}/variables`, { variables: { seen: 1 } });
  await variables.getByRole("cell", { name: "seen", exact: true }).waitFor();
  wire.cut();
  await page.locator(".link.cut").waitFor();
  await server.call("PUT", `/v2/element-instances/${key}/variables`, { variables: { missed: 2 } });
  wire.mend();
  await page.locator(".link.live").waitFor();
  // Among the variables, and where it is told who did it.
  await variables.getByRole("cell", { name: "missed", exact: true }).first().waitFor();
  assert.ok(resumed.length > 0, "expected the stream to name the position it goes on from");
  // While the cable was cut, the browser itself complains.
  browser.quiet(/net::ERR_/);
  await page.close();
  await wire.remove();
});
