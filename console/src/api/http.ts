/** Calls to the server that this page came from. */

import { signal } from "@preact/signals";

const TOKEN = "grevy-token";

/** Of this tab only, so that it is gone with it. */
export const token = signal(sessionStorage.getItem(TOKEN));
/** Why the server wants to know who asks; null while it does not. */
export const signIn = signal<string | null>(null);

export function useToken(text: string): void {
  sessionStorage.setItem(TOKEN, text);
  token.value = text;
  signIn.value = null;
}

/** What the server said instead of an answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

export function headers(): Record<string, string> {
  return token.value === null ? {} : { authorization: `Bearer ${token.value}` };
}

/** How far the engine's clock is from this one: a demo may run days ahead. */
let ahead = 0;
/** Less than this is the way here and back. */
const AHEAD_MIN_MS = 5_000;

/** The time that the server's dates are told by. */
export const engineNow = (): number => Date.now() + ahead;

function listen(answer: Response): void {
  const told = Number(answer.headers.get("grevy-time") ?? Number.NaN);
  if (Number.isNaN(told)) return;
  const found = told - Date.now();
  ahead = Math.abs(found) < AHEAD_MIN_MS ? 0 : found;
}

/** A body that is text goes as it is: JSON in which every digit counts. What is said beside a call
 * stands in the audit log. */
export async function request(
  method: string,
  path: string,
  body?: unknown,
  comment = "",
): Promise<Response> {
  const said = comment.trim() === "" ? {} : { "grevy-comment": encodeURIComponent(comment.trim()) };
  const init: RequestInit = { method, headers: { ...headers(), ...said } };
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Problem(0, "UNREACHABLE", "The server does not answer.");
  }
  listen(answer);
  if (!answer.ok) throw await problem(answer);
  return answer;
}

export async function problem(answer: Response): Promise<Problem> {
  const text = await answer.text();
  let title = answer.statusText;
  let detail = text;
  try {
    const parsed: { title?: unknown; detail?: unknown } = JSON.parse(text);
    title = typeof parsed.title === "string" ? parsed.title : title;
    detail = typeof parsed.detail === "string" ? parsed.detail : detail;
  } catch {
    // Not a problem document: its text says all there is.
  }
  if (answer.status === 401) signIn.value = detail || "This server wants a token.";
  return new Problem(answer.status, title, detail);
}

export async function get<T>(path: string): Promise<T> {
  return (await request("GET", path)).json() as Promise<T>;
}

export async function post<T>(path: string, body: unknown, comment = ""): Promise<T> {
  const answer = await request("POST", path, body, comment);
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
