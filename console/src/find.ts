/** What a piece of text may mean: asked of everything at once. */

import * as calls from "./api/calls";
import { orNull } from "./api/http";
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
  return found.flat().filter((hit) => !seen.has(hit.to) && seen.add(hit.to));
}

/** The instance that a key belongs to, whatever the key is of. */
async function keys(key: string): Promise<Hit[]> {
  const [instance, definition, explanation] = await Promise.all([
    orNull(calls.instance(key)),
    orNull(calls.definition(key)),
    orNull(calls.explain(key)),
  ]);
  const hits: Hit[] = [];
  if (instance) hits.push(ofInstance(instance));
  else if (explanation) {
    const { processInstanceKey: owner, processDefinitionId: id } = explanation;
    hits.push({ kind: "Part", title: key, detail: `of ${id} ${owner}`, to: `/instances/${owner}` });
  }
  if (definition) {
    const detail = `version ${definition.version}`;
    const title = definition.name ?? definition.processDefinitionId;
    hits.push({ kind: "Process", title, detail, to: `/processes/${key}` });
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
