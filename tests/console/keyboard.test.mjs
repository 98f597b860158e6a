// Everything without a mouse.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, oneTask, startServer } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
  await server.deploy("keys.bpmn", oneTask("keys"));
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
});

/** Tab until the focus is on something with this name. */
async function tabTo(page, name) {
  const seen = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => {
      const on = document.activeElement;
      return on?.getAttribute("aria-label") ?? on?.textContent?.trim() ?? "";
    });
    if (text === name) return;
    seen.push(text);
  }
  assert.fail(`expected to reach '${name}' with Tab, but came by ${seen.join(" | ")}`);
}

test("an_incident_is_mended_by_keyboard_only", async () => {
  const key = await server.create("keys", { n: 1 }, { businessId: "order-77" });
  await server.fail("keys", 1, "no stock");
  const { page, open } = await browser.person(server);
  await open("/");
  await page.getByRole("heading", { name: "Incidents by cause" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("order-77");
  await page.getByRole("option", { name: /order-77.*Incident/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/instances/${key}`);
  await page.locator(".broken").waitFor();
  await tabTo(page, "Edit n");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("2");
  await tabTo(page, "Save");
  await page.keyboard.press("Enter");
  await page.getByText("'n' is set.").waitFor();
  await page.locator("#main").focus();
  await tabTo(page, "Retry");
  await page.keyboard.press("Enter");
  await page.locator(".broken").waitFor({ state: "detached" });
  browser.quiet();
});

test("the_palette_finds_any_key_and_arrows_walk_through_a_table", async () => {
  await server.deploy("finds.bpmn", oneTask("finds"));
  const key = await server.create("finds", {}, { businessId: "order-78" });
  await server.create("finds");
  await server.fail("finds", 2, "no stock either");
  const query = { filter: { processInstanceKey: key } };
  const incident = (await server.post("/incidents/search", query)).items[0];
  const { page, open } = await browser.person(server);
  await open("/processes");
  await page.getByRole("link", { name: "Process finds" }).waitFor();
  for (const part of [incident.incidentKey, incident.jobKey, incident.elementInstanceKey, key]) {
    await page.keyboard.press("Control+K");
    await page.keyboard.type(part);
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/instances/${key}`);
    await page.goBack();
    await page.getByRole("link", { name: "Process finds" }).waitFor();
  }
  // People write it otherwise, and know a part of it.
  await page.keyboard.press("/");
  const search = page.getByRole("combobox");
  for (const part of ["ORDER-78", "der-78", "DER-78"]) {
    await search.fill(part);
    await page.getByRole("option", { name: /order-78/ }).waitFor();
  }
  await search.fill("nothing-has-this");
  await page.getByText("Nothing has this.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await open("/incidents");
  const rows = page.getByRole("region", { name: "Incidents", exact: true }).locator("tbody tr");
  await rows.nth(1).waitFor();
  await rows.first().getByRole("link").focus();
  await page.keyboard.press("ArrowDown");
  const focused = await page.evaluate(() => document.activeElement?.closest("tr")?.rowIndex);
  assert.equal(focused, 2);
  browser.quiet();
});
