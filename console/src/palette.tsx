/** The search palette: any key, business id, message key, trace id, from anywhere. */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { find, type Hit } from "./find";
import { go } from "./router";

const open = signal(false);

export function openPalette(): void {
  open.value = true;
}

const PAUSE_MS = 120;

export function Palette(): JSX.Element | null {
  return open.value ? <Search /> : null;
}

function Search(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [hits, setHits] = useState<Hit[] | null>(null);
  const [at, setAt] = useState(0);
  // Before the next key: what is typed at once belongs to the search.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let late = false;
    setHits(null);
    const timer = setTimeout(async () => {
      const found = text.trim() === "" ? [] : await find(text.trim());
      if (late) return;
      setHits(found);
      setAt(0);
    }, PAUSE_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [text]);
  const choose = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    // Not by closing the dialog, which tells of it later: a key that opens the palette again
    // meanwhile would be taken back.
    open.value = false;
    go(hit.to);
  };
  const pressed = (event: KeyboardEvent) => {
    const many = hits?.length ?? 0;
    if (event.key === "Enter") choose(hits?.[at]);
    else if (event.key === "ArrowDown") setAt(Math.min(many - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else return;
    event.preventDefault();
  };
  return (
    <dialog class="palette" ref={dialog} aria-label="Search" onClose={() => (open.value = false)}>
      <input
        role="combobox"
        aria-expanded={hits !== null && hits.length > 0}
        aria-controls="hits"
        aria-activedescendant={hits?.[at] ? `hit-${at}` : undefined}
        aria-label="Key, business id, message key, process, trace id"
        placeholder="Key, business id, message key, process, trace id"
        autofocus
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={pressed}
      />
      <ul id="hits" role="listbox" aria-label="Found">
        {hits?.map((hit, index) => (
          <li
            key={`${hit.kind} ${hit.to} ${hit.title}`}
            id={`hit-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => choose(hit)}
          >
            <span class="kind">{hit.kind}</span>
            <span class="title">{hit.title}</span>
            <span class="quiet">{hit.detail}</span>
          </li>
        ))}
      </ul>
      {text.trim() !== "" && hits?.length === 0 && <p class="empty">Nothing has this.</p>}
    </dialog>
  );
}
