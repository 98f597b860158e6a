/** What a piece of text may mean: asked of everything at once. */

import * as calls from "./api/calls";
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
  const asked = [instances(text), messages(text), processes(text)];
  if (/^-?\d{1,19}$/.test(text)) asked.unshift(keys(text));
  const found = await Promise.all(asked.map((one) => one.catch((): Hit[] => [])));
  const seen = new Set<string>();
  const hits = found.flat().filter((hit) => !seen.has(hit.to) && seen.add(hit.to));
  // Whether there is one, the server says when it is opened.
  const to = `/trace/${encodeURIComponent(text)}`;
  if (/^\S+$/.test(text)) hits.push({ kind: "Trace", title: text, detail: "its messages", to });
  return hits;
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

async function instances(text: string): Promise<Hit[]> {
  const filter = { businessId: { $like: `${escaped(text)}*` } };
  const sort = [{ field: "startDate", order: "DESC" as const }];
  const found = await calls.instances({ filter, sort, page: { limit: HITS } });
  return found.items.map(ofInstance);
}

async function messages(text: string): Promise<Hit[]> {
  const filter = { correlationKey: text };
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
