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
  await server.create("finds", {}, { businessId: "Order-xY-78" });
  const key = await server.create("finds", {}, { businessId: "order-78" });
  await server.create("finds");
  await server.fail("finds", 3, "no stock either");
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
  for (const part of ["order-xy-78", "ORDER-XY", "xY-7"]) {
    await search.fill(part);
    await page.getByRole("option", { name: /Order-xY-78/ }).waitFor();
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

test("the_palette_opens_again_however_soon_after_escape", async () => {
  const { page, open } = await browser.person(server);
  await open("/processes");
  await page.getByRole("link", { name: "Process keys" }).waitFor();
  const palette = page.getByRole("dialog", { name: "Search" });
  await page.keyboard.press("/");
  for (let n = 0; n < 30; n++) {
    await palette.waitFor();
    await page.keyboard.type(`${n}`);
    const key = n % 2 === 0 ? "Control+K" : "/";
    // Not one after the other's answer: while the browser still closes the first.
    await Promise.all([page.keyboard.press("Escape"), page.keyboard.press(key)]);
    await settled(page);
    assert.equal(await page.getByRole("combobox").inputValue(), "", `${key}, time ${n}`);
  }
  await page.keyboard.press("Escape");
  await palette.waitFor({ state: "detached" });
  // What the browser tells late closes only what it was of.
  await page.keyboard.press("/");
  await page.evaluate(() => {
    document.querySelector("dialog.palette").close();
    dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true }));
  });
  await settled(page);
  assert.equal(await page.locator("dialog.palette[open]").count(), 1);
  browser.quiet();
});

/** All that the browser had to tell is told. */
function settled(page) {
  return page.evaluate(async () => {
    for (let n = 0; n < 2; n++) await new Promise((done) => requestAnimationFrame(done));
    await new Promise((done) => setTimeout(done, 0));
  });
}
