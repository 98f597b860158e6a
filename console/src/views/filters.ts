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
  value: Record<string, string>;
}

/** `amount > 100`, `customer.name = Ann`; `null` when it is not a comparison. */
export function variableTest(text: string): VariableTest | null {
  const found = /^\s*([\p{L}_][\p{L}\p{N}_.\-[\]]*?)\s*(!=|>=|<=|=|>|<|~)\s*(.*?)\s*$/u.exec(text);
  const [, name, sign, value] = found ?? [];
  const test = TESTS.find(([known]) => known === sign)?.[1];
  if (name === undefined || value === undefined || test === undefined) return null;
  return { name, value: { [test]: sign === "~" ? `*${escaped(value)}*` : asJson(value) } };
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
  const range: Record<string, string> = {};
  const [from, to] = [query.get("from"), query.get("to")];
  if (from) range.$gte = new Date(from).toISOString();
  if (to) range.$lt = new Date(to).toISOString();
  if (from || to) filter.startDate = range;
  const tests = query.getAll("var").map(variableTest);
  const known = tests.filter((test) => test !== null);
  if (known.length > 0) filter.variables = known;
  return filter;
}
