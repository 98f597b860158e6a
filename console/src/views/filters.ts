/** The filter of a list of instances, as it stands in the address. */

import { escaped } from "../find";
import { stateFilter } from "../state";

/** What a comparison may be; the longer ones are looked for first. */
const TESTS: [string, string][] = [
  ["!=", "$neq"],
  [">=", "$gte"],
  ["<=", "$lte"],
  ["=", "$eq"],
  [">", "$gt"],
  ["<", "$lt"],
  ["~", "$like"],
];

export interface VariableTest {
  name: string;
  /** Inside the variable. */
  path?: string;
  value: Record<string, string>;
}

/** `amount > 100`, `customer.name = Ann`; `null` when it is not a comparison. */
export function variableTest(text: string): VariableTest | null {
  const found = /^\s*([\p{L}_][\p{L}\p{N}_.\-[\]]*?)\s*(!=|>=|<=|=|>|<|~)\s*(.*?)\s*$/u.exec(text);
  const [, whole, sign, wanted] = found ?? [];
  const test = TESTS.find(([known]) => known === sign)?.[1];
  if (whole === undefined || wanted === undefined || test === undefined) return null;
  const value = { [test]: sign === "~" ? `*${escaped(wanted)}*` : asJson(wanted) };
  const dot = whole.indexOf(".");
  if (dot < 0) return { name: whole, value };
  return { name: whole.slice(0, dot), path: whole.slice(dot + 1), value };
}

/** Variables are compared as JSON: what is none is text. */
function asJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

/** Of local times in the address; what is none is left out. */
export function timeRange(query: URLSearchParams): Record<string, string> {
  const range: Record<string, string> = {};
  for (const name of ["from", "to"]) {
    const time = Date.parse(query.get(name) ?? "");
    if (!Number.isNaN(time)) range[name] = new Date(time).toISOString();
  }
  return range;
}

/** The filter that a query of this page's address means. */
export function instanceFilter(query: URLSearchParams): Record<string, unknown> {
  const state = query.get("state") ?? "";
  const filter: Record<string, unknown> = stateFilter(state);
  const element = query.get("element");
  if (element) {
    filter.elementId = element;
    if (state === "active") filter.elementInstanceState = "ACTIVE";
    if (state === "incident") filter.hasElementInstanceIncident = true;
  }
  const business = query.get("business");
  if (business) filter.businessId = { $like: `*${escaped(business)}*` };
  const { from, to } = timeRange(query);
  if (from) filter.startDate = { $gte: from };
  if (to) filter.startDate = { ...(from ? { $gte: from } : {}), $lt: to };
  const tests = query.getAll("var").map(variableTest);
  const known = tests.filter((test) => test !== null);
  if (known.length > 0) filter.variables = known;
  return filter;
}
