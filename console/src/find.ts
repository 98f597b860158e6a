/** What a piece of text may mean: asked of everything at once. */

import * as calls from "./api/calls";
import * as tracking from "./api/tracking";
import type { Instance } from "./api/types";
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
    const detail = `version ${definition.version}`;
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

/** As people may have written it: the server minds the case of letters. */
const spellings = (text: string) => [
  ...new Set([text, text.toUpperCase(), text.toLowerCase()]),
];

/** Cases of tracked flows, by their whole name. */
async function cases(text: string): Promise<Hit[]> {
  const flows = await tracking.tracked();
  const asked = flows.flatMap(({ process }) =>
    spellings(text).map((one) => tracking.cases(process, new URLSearchParams({ case: one }))),
  );
  const found = (await Promise.all(asked)).flat().slice(0, HITS);
  return found.map((one) => ({
    kind: "Case",
    title: one.case,
    detail: `${one.process} · ${one.status}`,
    to: `/flows/${encodeURIComponent(one.process)}/${encodeURIComponent(one.case)}`,
  }));
}

/** Only one that has messages. */
async function trace(text: string): Promise<Hit[]> {
  if (!/^\S+$/.test(text) || (await tracking.tracked()).length === 0) return [];
  const { messages } = await tracking.trace(text);
  const to = `/trace/${encodeURIComponent(text)}`;
  return [{ kind: "Trace", title: text, detail: `${messages.length} messages`, to }];
}

async function messages(text: string): Promise<Hit[]> {
  const filter = { correlationKey: { $in: spellings(text) } };
  const found = await calls.subscriptions({ filter, page: { limit: HITS } });
  return found.items
    .filter((item) => item.processInstanceKey !== null)
    .map((item) => ({
      kind: "Message",
      title: `${item.messageName} · ${item.correlationKey}`,
      detail: `${item.processDefinitionId} · ${item.messageSubscriptionState.toLowerCase()}`,
      to: `/instances/${item.processInstanceKey}`,
    }));
}

async function processes(text: string): Promise<Hit[]> {
  const filter = { isLatestVersion: true };
  const found = await calls.definitions({ filter, page: { limit: 1000 } });
  const wanted = text.toLowerCase();
  return found.items
    .filter((item) => `${item.name} ${item.processDefinitionId}`.toLowerCase().includes(wanted))
    .slice(0, HITS)
    .map((item) => ({
      kind: "Process",
      title: item.name ?? item.processDefinitionId,
      detail: `version ${item.version}`,
      to: `/processes/${item.processDefinitionKey}`,
    }));
}

/** `*` and `?` stand for something in a pattern. */
export function escaped(text: string): string {
  return text.replace(/[*?\\]/g, "\\$&");
}
