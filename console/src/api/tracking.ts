/** Flows that nobody orchestrates: what the server made of other people's events. */

import { plain } from "../names";
import { get, request } from "./http";

export interface Tracked {
  process: string;
  state: string;
  version: number | null;
  /** Element by event type; `null` where elements are found by name. */
  types: Record<string, string> | null;
}

export interface Finding {
  kind: string;
  step: string;
  expected: string[];
  atMs: number;
}

export interface Case {
  process: string;
  case: string;
  status: "early" | "open" | "stuck" | "resting" | "completed" | "expired";
  sinceMs: number;
  events: number;
  firstMs: number | null;
  lastMs: number | null;
  lastStep: string | null;
  expected: string[];
  deadlines: number[];
  findings: Finding[];
  /** Why its events wait, or waited in vain. */
  reason?: string;
}

/** One event and what became of it. */
export interface Judged {
  at: number;
  offset: number;
  verdict: string;
  reason?: string;
  kind?: string;
  time_ms?: number;
}

export interface Message {
  kind: string;
  sender: string | null;
  correlation: string | null;
  time_ms: number;
  arrival_ms: number;
  gap_ms: number;
  command: boolean;
  offset: number;
}

export interface Trace {
  id: string;
  messages: Message[];
  left_out: number;
}

interface Spread {
  count: number;
  p50_ms: number;
  p95_ms: number;
}

export interface Stats {
  duration: Spread;
  steps: Record<string, { events: number; cases: number; waited: Spread }>;
  target: { within_ms: number; kept: boolean; breaches: number; allowance_used: number } | null;
}

const path = (process: string) => `/tracking/${encodeURIComponent(process)}`;

export const tracked = () => get<Tracked[]>("/tracking");

export function cases(process: string, query: URLSearchParams): Promise<Case[]> {
  const wanted = new URLSearchParams();
  for (const name of ["status", "case", "like", "deviating"]) {
    const value = query.get(name);
    if (value) wanted.set(name, value);
  }
  return get<Case[]>(`${path(process)}/cases?${wanted}`);
}

/** How many cases of a status there are. */
export async function counted(process: string, status: Case["status"]): Promise<number> {
  const answer = await request("GET", `${path(process)}/cases?status=${status}&limit=1`);
  return Number(answer.headers.get("x-total-count") ?? 0);
}

/** Figures of all cases; `target` is an ISO 8601 duration. */
export function stats(process: string, target: string | null): Promise<Stats> {
  const asked = target ? `?${new URLSearchParams({ target })}` : "";
  return get<Stats>(`${path(process)}/stats${asked}`);
}

export const records = (process: string, id: string) =>
  get<Judged[]>(`${path(process)}/verdicts?${new URLSearchParams({ case: id })}`);

export async function diagram(process: string): Promise<string> {
  return (await request("GET", `${path(process)}/diagram`)).text();
}

export const trace = (id: string) => get<Trace>(`/traces/${encodeURIComponent(id)}`);

/** The trace of this id, if there is one. */
export const traces = (id: string) => get<Trace[]>(`/traces?${new URLSearchParams({ id })}`);

export async function reached(id: string, process: string): Promise<string[]> {
  const asked = `/traces/${encodeURIComponent(id)}/reached/${encodeURIComponent(process)}`;
  return (await get<{ elements: string[] }>(asked)).elements;
}

/** The element that events of a type are at; `steps` are the model's. */
export function elementOf(
  kind: string,
  types: Record<string, string> | null,
  steps: Map<string, string>,
): string | undefined {
  return types?.[kind] ?? steps.get(plain(kind));
}
