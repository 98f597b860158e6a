// Tokens moved by hand: planned, looked at, applied, and written down.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, drawn, startServer } from "./harness.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await Browser.start();
  await server.deploy("steps.bpmn", STEPS);
});
after(async () => {
  // A complaint of the browser fails here; the server ends all the same.
  try {
    await browser?.stop();
  } finally {
    await server?.stop();
  }
});

const STEPS = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <bpmn:process id="steps" isExecutable="true">
    <bpmn:startEvent id="begun" />
    <bpmn:sequenceFlow id="f1" sourceRef="begun" targetRef="pick" />
    <bpmn:serviceTask id="pick" name="Pick"><bpmn:extensionElements>
      <zeebe:taskDefinition type="pick" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="pick" targetRef="pack" />
    <bpmn:serviceTask id="pack" name="Pack"><bpmn:extensionElements>
      <zeebe:taskDefinition type="pack" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f3" sourceRef="pack" targetRef="ship" />
    <bpmn:serviceTask id="ship" name="Ship"><bpmn:extensionElements>
      <zeebe:taskDefinition type="ship" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:sequenceFlow id="f4" sourceRef="ship" targetRef="done" />
    <bpmn:endEvent id="done" />
  </bpmn:process>
</bpmn:definitions>`;

const badge = (page, kind, text) =>
  page.locator(`.badge.${kind} text`, { hasText: new RegExp(`^\\${text}$`) });

test("v3_v6_tokens_are_moved_added_and_canceled_after_a_summary", async () => {
  const key = await server.create("steps", { weight: 3 });
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  await drawn(page);
  await page.getByRole("button", { name: "Modify" }).click();
  const panel = page.getByRole("region", { name: "Modification" });
  // Chosen in the diagram.
  await page.locator('[data-element-id="pick"] .djs-hit').first().click();
  await panel.getByLabel("Move its token to").selectOption({ label: "Ship" });
  await panel.getByText("Move the token from Pick to Ship").waitFor();
  await panel.getByText("Variables", { exact: true }).click();
  await panel.getByLabel("Variables, as a JSON object").fill('{"express": true}');
  // Chosen from the list.
  await panel.getByLabel("Element", { exact: true }).selectOption({ label: "Pack" });
  await panel.getByRole("button", { name: "Add a token" }).click();
  await badge(page, "note", "+1").nth(1).waitFor();
  await badge(page, "note", "−1").waitFor();
  // Nothing has happened yet.
  const active = async () => {
    const filter = { processInstanceKey: key, state: "ACTIVE" };
    const { items } = await server.post("/element-instances/search", { filter });
    return items.map((item) => item.elementId).sort();
  };
  assert.deepEqual(await active(), ["pick"]);
  await panel.getByRole("button", { name: "Apply" }).click();
  const summary = page.getByRole("dialog");
  await summary.getByText("Move the token from Pick to Ship").waitFor();
  await summary.getByText("express").waitFor();
  await summary.getByText("Add a token at Pack").waitFor();
  await summary.getByRole("button", { name: "Apply it" }).click();
  await panel.waitFor({ state: "detached" });
  assert.deepEqual(await active(), ["pack", "ship"]);
  await page.getByRole("cell", { name: "express", exact: true }).waitFor();
  const log = page.getByRole("region", { name: "What people did" });
  await log.getByRole("row", { name: /Modify.*added: pack, ship; canceled: pick/ }).waitFor();
  // And one is taken away again.
  await page.getByRole("button", { name: "Modify" }).click();
  await panel.getByLabel("Element", { exact: true }).selectOption({ label: "Pack" });
  await panel.getByRole("button", { name: "Cancel its token" }).click();
  await panel.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Apply it" }).click();
  await panel.waitFor({ state: "detached" });
  assert.deepEqual(await active(), ["ship"]);
  await server.complete("ship");
  await page.locator(".head .chip.completed").waitFor();
  browser.quiet();
});

test("v6_a_modification_that_cannot_be_says_why_and_stays_to_be_mended", async () => {
  const key = await server.create("steps");
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  await drawn(page);
  await page.getByRole("button", { name: "Modify" }).click();
  const panel = page.getByRole("region", { name: "Modification" });
  await panel.getByLabel("Element", { exact: true }).selectOption({ label: "Pack" });
  await panel.getByRole("button", { name: "Add a token" }).click();
  await panel.getByText("Variables", { exact: true }).click();
  await panel.getByLabel("Variables, as a JSON object").fill("[1]");
  await panel.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Apply it" }).click();
  await page.locator(".notice.bad").waitFor();
  await panel.getByText("Add a token at Pack").waitFor();
  await panel.getByRole("button", { name: "Leave out: Add a token at Pack" }).click();
  assert.equal(await panel.getByRole("button", { name: "Apply" }).isDisabled(), true);
  await panel.getByRole("button", { name: "Discard" }).click();
  await panel.waitFor({ state: "detached" });
  browser.quiet(/status of 400/);
});

test("v6_a_message_that_somebody_published_is_on_record_with_a_comment", async () => {
  await server.deploy("hears.bpmn", HEARS);
  const key = await server.create("hears", { order: "o-7" });
  const { page, open } = await browser.person(server);
  await open(`/instances/${key}`);
  await page.getByRole("button", { name: "Publish this message" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Correlation key").inputValue(), "o-7");
  await dialog.getByLabel("Comment, for the log").fill("paid by phone");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await page.locator(".head .chip.completed").waitFor();
  const log = page.getByRole("region", { name: "What people did" });
  await log.getByRole("row", { name: /Create message.*paid, key o-7.*paid by phone/ }).waitFor();
  browser.quiet();
});

const HEARS = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="https://grevy.dev/test">
  <message id="m" name="paid"><extensionElements>
    <zeebe:subscription correlationKey="=order" /></extensionElements></message>
  <process id="hears" isExecutable="true">
    <startEvent id="begun" />
    <sequenceFlow id="a" sourceRef="begun" targetRef="wait" />
    <intermediateCatchEvent id="wait"><messageEventDefinition id="e" messageRef="m" />
    </intermediateCatchEvent>
    <sequenceFlow id="b" sourceRef="wait" targetRef="done" />
    <endEvent id="done" />
  </process>
</definitions>`;
