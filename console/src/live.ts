/** Data of a view: loaded, kept on screen while it is loaded again, and loaded again when the
 * stream says that something happened. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { engineNow } from "./api/http";
import { follow } from "./api/stream";
import type { LiveEvent } from "./api/types";

export interface Loaded<T> {
  data: T | undefined;
  error: Error | undefined;
  reload(): void;
}

/** At most so often, however much happens. */
const RELOAD_MS = 400;

/** Loads anew whenever `key` changes; an answer that comes too late is dropped. */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [shown, show] = useState<{ key: string; data?: T; error?: Error }>({ key });
  const latest = useRef({ key, load, turn: 0, busy: false, again: false });
  latest.current.key = key;
  latest.current.load = load;

  const run = useCallback(async () => {
    const now = latest.current;
    const turn = ++now.turn;
    const asked = now.key;
    now.busy = true;
    const result = await now.load().then(
      (data) => ({ key: asked, data }),
      (error: unknown) => ({ key: asked, error: error as Error }),
    );
    if (turn !== now.turn) return;
    now.busy = false;
    // A failure leaves on screen what is known.
    const keeps = "error" in result;
    show((before) => (keeps && before.key === asked ? { ...before, ...result } : result));
    if (now.again) {
      now.again = false;
      setTimeout(() => now.busy || void run(), RELOAD_MS);
    }
  }, []);
  const reload = useCallback(() => {
    const now = latest.current;
    if (now.busy) now.again = true;
    else void run();
  }, [run]);

  useEffect(() => {
    void run();
  }, [key]);
  // What was there before stays until the answer is: a list that flickers cannot be read.
  return { data: shown.data, error: shown.key === key ? shown.error : undefined, reload };
}

/** Calls `changed` soon after events that the query selects, not more often than is of use. */
export function useStream(
  query: string,
  changed: () => void,
  each?: (event: LiveEvent) => void,
): void {
  const latest = useRef({ changed, each });
  latest.current = { changed, each };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ran = 0;
    const soon = () => {
      if (timer !== undefined) return;
      const wait = Math.max(0, ran + RELOAD_MS - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        ran = performance.now();
        latest.current.changed();
      }, wait);
    };
    const stop = follow(query, {
      opened: soon,
      event: (event) => {
        latest.current.each?.(event);
        soon();
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [query]);
}

/** Loads again and again while the view is there and seen. */
export function useEvery(everyMs: number, reload: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);
}

/** The engine's time, which ticks, for ages in words. */
export function useNow(everyMs: number): number {
  const [now, set] = useState(engineNow());
  useEffect(() => {
    const timer = setInterval(() => set(engineNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
