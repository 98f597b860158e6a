/** The calls that views make, by what they are for. */

import { get, post, request } from "./http";
import type {
  Audit,
  Change,
  Definition,
  DefinitionCounts,
  ElementInstance,
  Explanation,
  Flow,
  Found,
  Heat,
  Incident,
  Instance,
  Job,
  Key,
  Overview,
  Subscription,
  Variable,
} from "./types";

/** Rows of one answer; the server allows more, people do not read them. */
export const PAGE_ROWS = 50;
/** More rows than this are not scrolled through but filtered, or taken as CSV. */
export const SCREEN_ROWS_MAX = 1000;
/** Rows of an answer that is collected, as for CSV. */
const COLLECT_ROWS = 1000;
/** What a CSV file has at most; a spreadsheet takes little more. */
export const CSV_ROWS_MAX = 100_000;

export interface Query {
  filter?: Record<string, unknown>;
  sort?: { field: string; order: "ASC" | "DESC" }[];
  page?: { limit?: number; from?: number; after?: string };
}

type Search<T> = (query: Query) => Promise<Found<T>>;

function search<T>(group: string): Search<T> {
  return (query) => post<Found<T>>(`/v2/${group}/search`, query);
}

export const definitions = search<Definition>("process-definitions");
export const instances = search<Instance>("process-instances");
export const elements = search<ElementInstance>("element-instances");
export const variables = search<Variable>("variables");
export const incidents = search<Incident>("incidents");
export const jobs = search<Job>("jobs");
export const subscriptions = search<Subscription>("message-subscriptions");
/** With what people said beside what they did. */
export const audit: Search<Audit> = (query) =>
  post<Found<Audit>>("/grevy/v1/audit-logs/search", query);

/** All rows of a search, page by page, up to `max`. */
export async function collect<T>(from: Search<T>, query: Query, max: number): Promise<T[]> {
  const rows: T[] = [];
  let after: string | undefined;
  while (rows.length < max) {
    const limit = Math.min(COLLECT_ROWS, max - rows.length);
    const page = after === undefined ? { limit } : { limit, after };
    const found = await from({ ...query, page });
    rows.push(...found.items);
    if (found.items.length < limit || found.page.endCursor === null) break;
    after = found.page.endCursor;
  }
  return rows;
}

export const overview = () => get<Overview>("/grevy/v1/overview");
export const definition = (key: Key) => get<Definition>(`/v2/process-definitions/${key}`);
export const explain = (key: Key) => get<Explanation>(`/grevy/v1/explain/${key}`);
export const instance = (key: Key) => get<Instance>(`/v2/process-instances/${key}`);
export const variable = (key: Key) => get<Variable>(`/v2/variables/${key}`);

/** Instances by any part of their business id, however its letters are written. */
export async function withBusinessId(text: string): Promise<Instance[]> {
  const path = `/grevy/v1/process-instances?${new URLSearchParams({ businessId: text })}`;
  return (await get<{ items: Instance[] }>(path)).items;
}

/** What waits for messages, by any part of their key. */
export async function withCorrelationKey(text: string): Promise<Subscription[]> {
  const path = `/grevy/v1/message-subscriptions?${new URLSearchParams({ correlationKey: text })}`;
  return (await get<{ items: Subscription[] }>(path)).items;
}

export async function definitionCounts(): Promise<DefinitionCounts[]> {
  const path = "/v2/process-definitions/statistics/process-instances";
  return (await post<Found<DefinitionCounts>>(path, { page: { limit: 1000 } })).items;
}

/** Counts of now, durations of what completed in a range of time. */
export function heat(key: Key, range: Record<string, string>): Promise<Heat> {
  const path = `/grevy/v1/process-definitions/${key}/heat`;
  return get<Heat>(`${path}?${new URLSearchParams(range)}`);
}

/** The model as a picture can be made of it: laid out where the file has no coordinates. */
export async function diagram(key: Key): Promise<string> {
  return (await request("GET", `/grevy/v1/process-definitions/${key}/diagram`)).text();
}

export async function flows(key: Key): Promise<string[]> {
  const path = `/v2/process-instances/${key}/sequence-flows`;
  return (await get<{ items: Flow[] }>(path)).items.map((flow) => flow.elementId);
}

export async function statistics(key: Key): Promise<ElementCounts[]> {
  const path = `/v2/process-instances/${key}/statistics/element-instances`;
  return (await get<{ items: ElementCounts[] }>(path)).items;
}

export interface ElementCounts {
  elementId: string;
  active: number;
  incidents: number;
  completed: number;
  canceled: number;
}

/** Every value that every variable of an instance had, the oldest first. */
export async function changes(key: Key): Promise<Change[]> {
  return (await get<{ items: Change[] }>(`/grevy/v1/variables/${key}/changes`)).items;
}

/** An incident of a job is resolved by giving the job tries again. */
export async function retry(incident: Incident, comment: string): Promise<void> {
  if (incident.jobKey !== null) {
    const changeset = { retries: 1 };
    await request("PATCH", `/v2/jobs/${incident.jobKey}`, { changeset }, comment);
  }
  await post(`/v2/incidents/${incident.incidentKey}/resolution`, {}, comment);
}

/** `json` goes as it was typed, since a number may have more digits than JavaScript keeps. */
export async function setVariable(
  scope: Key,
  name: string,
  json: string,
  comment: string,
): Promise<void> {
  const body = `{"variables":{${JSON.stringify(name)}:${json}},"local":true}`;
  await request("PUT", `/v2/element-instances/${scope}/variables`, body, comment);
}

interface Move {
  keys: Key[];
  to: string | null;
  variables: string;
  local: boolean;
}

/** Ends element instances and begins elements, all of it or nothing. What goes is replaced token by
 * token where it moves. Variables go as they were typed: every digit counts. */
export async function modify(key: Key, moves: Move[], comment: string): Promise<void> {
  const ends = moves.flatMap((move) => move.keys.map((own) => ({ elementInstanceKey: own })));
  const begins = moves.flatMap(({ keys, to, variables, local }) => {
    if (to === null) return [];
    const scope = local ? `,"scopeId":${JSON.stringify(to)}` : "";
    const given = variables.trim() === "{}" ? "" : `{"variables":${variables}${scope}}`;
    const one = `{"elementId":${JSON.stringify(to)},"variableInstructions":[${given}]}`;
    return Array<string>(Math.max(1, keys.length)).fill(one);
  });
  const terminate = `"terminateInstructions":${JSON.stringify(ends)}`;
  const body = `{"activateInstructions":[${begins.join(",")}],${terminate}}`;
  await request("POST", `/v2/process-instances/${key}/modification`, body, comment);
}

export interface Migration {
  target: Key;
  /** Ids of elements, and what they become. */
  mapping: [string, string][];
}

const instructions = ({ target, mapping }: Migration) => ({
  targetProcessDefinitionKey: target,
  mappingInstructions: mapping.map(([sourceElementId, targetElementId]) => ({
    sourceElementId,
    targetElementId,
  })),
});

/** Fails with all that speaks against it. */
export const checkMigration = (key: Key, plan: Migration) =>
  post(`/grevy/v1/process-instances/${key}/migration-check`, instructions(plan));

export const migrate = (key: Key, plan: Migration, comment: string) =>
  post(`/v2/process-instances/${key}/migration`, instructions(plan), comment);

export const cancel = (key: Key, comment: string) =>
  post(`/v2/process-instances/${key}/cancellation`, {}, comment);

/** With everything that it called. */
export const suspend = (key: Key, comment: string) =>
  post(`/v2/process-instances/${key}/suspension`, {}, comment);

export const resume = (key: Key, comment: string) =>
  post(`/v2/process-instances/${key}/resumption`, {}, comment);

export interface Publication {
  name: string;
  correlationKey: string;
  timeToLive: number;
  variables: unknown;
}

export const publish = (message: Publication, comment: string) =>
  post("/v2/messages/publication", message, comment);
