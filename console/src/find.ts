/** What a piece of text may mean: asked of everything at once. */

import * as calls from "./api/calls";
import * as tracking from "./api/tracking";
import type { Instance } from "./api/types";
import { words } from "./format";
import { stateOf } from "./state";

export interface Hit {
  kind: string;
  title: string;
  detail: string;
  to: string;
}

const HITS = 8;

export async function find(text: string): Promise<Hit[]> {
  const asked = [instances(text), messages(text), processes(text), cases(text), trace(text)];
  if (/^-?\d{1,19}$/.test(text)) asked.unshift(keys(text));
  const found = await Promise.all(asked.map((one) => one.catch((): Hit[] => [])));
  const seen = new Set<string>();
  return found.flat().filter((hit) => !seen.has(hit.to) && seen.add(hit.to));
}

type Part = { processInstanceKey: string | null } | undefined;

/** What has this key, and the instance that it belongs to. */
async function keys(key: string): Promise<Hit[]> {
  const one = { limit: 1 };
  const by = (name: string) => ({ filter: { [name]: key }, page: one });
  const [instance, definition, incident, element, variable, job, waiting] = await Promise.all([
    calls.instances(by("processInstanceKey")).then((found) => found.items[0]),
    calls.definitions(by("processDefinitionKey")).then((found) => found.items[0]),
    calls.incidents(by("incidentKey")).then((found) => found.items[0]),
    calls.elements(by("elementInstanceKey")).then((found) => found.items[0]),
    calls.variables(by("variableKey")).then((found) => found.items[0]),
    calls.jobs(by("jobKey")).then((found) => found.items[0]),
    calls.subscriptions(by("messageSubscriptionKey")).then((found) => found.items[0]),
  ]);
  const hits: Hit[] = [];
  if (instance) hits.push(ofInstance(instance));
  if (definition) {
    const detail = `Version ${definition.version}`;
    const title = definition.name ?? definition.processDefinitionId;
    hits.push({ kind: "Process", title, detail, to: `/processes/${key}` });
  }
  const parts: [string, Part, string | undefined][] = [
    ["Incident", incident, incident?.errorMessage],
    ["Element", element, element?.elementId],
    ["Variable", variable, variable?.name],
    ["Job", job, job?.type],
    ["Message", waiting, waiting?.messageName],
  ];
  for (const [kind, part, detail] of parts) {
    const owner = part?.processInstanceKey;
    if (owner) hits.push({ kind, title: key, detail: detail ?? "", to: `/instances/${owner}` });
  }
  return hits;
}

function ofInstance(instance: Instance): Hit {
  const name = instance.processDefinitionName ?? instance.processDefinitionId;
  return {
    kind: "Instance",
    title: instance.businessId ?? instance.processInstanceKey,
    detail: `${name} · ${stateOf(instance).name}`,
    to: `/instances/${instance.processInstanceKey}`,
  };
}

/** Those that begin with it stand before those that have it anywhere. */
async function instances(text: string): Promise<Hit[]> {
  return (await calls.withBusinessId(text)).slice(0, HITS).map(ofInstance);
}

/** Cases of tracked flows. */
async function cases(text: string): Promise<Hit[]> {
  const flows = await tracking.tracked();
  const wanted = new URLSearchParams({ like: text, limit: `${HITS}` });
  const found = await Promise.all(flows.map(({ process }) => tracking.cases(process, wanted)));
  return ranked(found.flat(), text, (one) => one.case).map((one) => ({
    kind: "Case",
    title: one.case,
    detail: `${one.process} · ${words(one.status)}`,
    to: `/flows/${encodeURIComponent(one.process)}/${encodeURIComponent(one.case)}`,
  }));
}

/** Whole ones first, then those that begin with it, then those that have it anywhere. */
function ranked<T>(all: T[], text: string, name: (one: T) => string): T[] {
  const wanted = text.toLowerCase();
  const place = (one: T) => {
    const own = name(one).toLowerCase();
    return own === wanted ? -1 : own.indexOf(wanted);
  };
  return all.toSorted((one, other) => place(one) - place(other)).slice(0, HITS);
}

async function trace(text: string): Promise<Hit[]> {
  if (!/^\S+$/.test(text) || (await tracking.tracked()).length === 0) return [];
  return (await tracking.traces(text)).map(({ id, messages }) => ({
    kind: "Trace",
    title: id,
    detail: `${messages.length} messages`,
    to: `/trace/${encodeURIComponent(id)}`,
  }));
}

const AWAITED: Record<string, string> = {
  CREATED: "Awaited",
  CORRELATED: "Came",
  DELETED: "No longer awaited",
  MIGRATED: "Migrated",
};

/** Those that wait, or have waited, for a message with such a key. */
async function messages(text: string): Promise<Hit[]> {
  return (await calls.withCorrelationKey(text))
    .filter((item) => item.processInstanceKey !== null)
    .slice(0, HITS)
    .map((item) => ({
      kind: "Message",
      title: `${item.messageName} · ${item.correlationKey}`,
      detail: `${item.processDefinitionId} · ${AWAITED[item.messageSubscriptionState] ?? ""}`,
      to: `/instances/${item.processInstanceKey}`,
    }));
}

async function processes(text: string): Promise<Hit[]> {
  const filter = { isLatestVersion: true };
  const found = await calls.definitions({ filter, page: { limit: 1000 } });
  const wanted = text.toLowerCase();
  const executed = found.items
    .filter((item) => `${item.name} ${item.processDefinitionId}`.toLowerCase().includes(wanted))
    .slice(0, HITS)
    .map((item) => ({
      kind: "Process",
      title: item.name ?? item.processDefinitionId,
      detail: `Version ${item.version}`,
      to: `/processes/${item.processDefinitionKey}`,
    }));
  const flows = (await tracking.tracked())
    .filter(({ process }) => process.toLowerCase().includes(wanted))
    .slice(0, HITS)
    .map(({ process }) => ({
      kind: "Process",
      title: process,
      detail: "Tracked",
      to: `/flows/${encodeURIComponent(process)}`,
    }));
  return [...executed, ...flows];
}

/** `*` and `?` stand for something in a pattern. */
export function escaped(text: string): string {
  return text.replace(/[*?\\]/g, "\\$&");
}
