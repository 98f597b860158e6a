/** The live stream: server-sent events, read with `fetch` so that a token goes along, resumed by
 * position when it was cut, and let go while nobody looks. */

import { signal } from "@preact/signals";
import { Problem, headers, problem } from "./http";
import type { LiveEvent } from "./types";

export type Link = "live" | "connecting" | "cut";

/** How the stream of the view on screen is. */
export const link = signal<Link>("connecting");

const AGAIN_MS = 500;
const AGAIN_MS_MAX = 5_000;
/** A hidden tab holds one of the few connections that a browser has for a server. */
const HIDDEN_MS = 20_000;

export interface Follower {
  /** Something may have happened while nobody listened. */
  opened(): void;
  event(event: LiveEvent): void;
}

/** Follows the events that the query selects until the result is called. */
export function follow(query: string, follower: Follower): () => void {
  let stop = new AbortController();
  let ended = false;
  let last: string | null = null;
  let hiding: ReturnType<typeof setTimeout> | undefined;

  const run = async (stopped: AbortSignal) => {
    let wait = AGAIN_MS;
    while (!stopped.aborted) {
      try {
        await read(query, last, stopped, {
          opened: () => {
            wait = AGAIN_MS;
            link.value = "live";
            follower.opened();
          },
          id: (id) => (last = id),
          event: (event) => follower.event(event),
        });
      } catch (error) {
        const status = error instanceof Problem ? error.status : 0;
        // A position that is no longer kept: what is shown is loaded again, so start from now.
        if (status === 400) last = null;
        // Asking again does not make it allowed; signing in loads the page anew.
        if (status === 401 || status === 403) stop.abort();
      }
      if (ended) break;
      link.value = "cut";
      if (stopped.aborted) break;
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(2 * wait, AGAIN_MS_MAX);
    }
  };
  const visible = () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => stop.abort(), HIDDEN_MS);
    } else if (stop.signal.aborted && !ended) {
      stop = new AbortController();
      void run(stop.signal);
    }
  };
  link.value = "connecting";
  document.addEventListener("visibilitychange", visible);
  void run(stop.signal);
  return () => {
    ended = true;
    clearTimeout(hiding);
    document.removeEventListener("visibilitychange", visible);
    stop.abort();
  };
}

interface Sink {
  opened(): void;
  id(id: string): void;
  event(event: LiveEvent): void;
}

/** One connection, to its end. */
async function read(query: string, last: string | null, stop: AbortSignal, sink: Sink) {
  const sent = { ...headers(), accept: "text/event-stream" };
  const answer = await fetch(`/grevy/v1/stream${query === "" ? "" : `?${query}`}`, {
    headers: last === null ? sent : { ...sent, "last-event-id": last },
    signal: stop,
    cache: "no-store",
  });
  if (!answer.ok || answer.body === null) throw await problem(answer);
  sink.opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) take(block, sink);
  }
}

/** One event: its fields by the EventSource specification, as far as this server sends them. */
function take(block: string, sink: Sink): void {
  let data = "";
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("id:")) sink.id(line.slice(3).trim());
    if (line.startsWith("data:")) data += line.slice(5).trimStart();
  }
  if (data === "") return;
  const event: LiveEvent = JSON.parse(data);
  sink.event(event);
}
