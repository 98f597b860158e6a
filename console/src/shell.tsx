/** What is around every view: where to go, how the stream is, who asks. */

import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { signIn, useToken } from "./api/http";
import { link } from "./api/stream";
import { Palette, openPalette } from "./palette";
import { Dialog } from "./parts/dialog";
import { Notices } from "./parts/notices";
import { path } from "./router";
import { theme, turn } from "./theme";
import { CaseView } from "./views/case";
import { FlowView } from "./views/flow";
import { HomeView } from "./views/home";
import { IncidentsView } from "./views/incidents";
import { InstanceView } from "./views/instance";
import { ProcessView } from "./views/process";
import { ProcessesView } from "./views/processes";
import { TraceView } from "./views/trace";

const PLACES = [
  { to: "/", name: "Home" },
  { to: "/processes", name: "Processes" },
  { to: "/incidents", name: "Incidents" },
];

export function Shell(): JSX.Element {
  // Before the first picture: whoever sees the page may press a key.
  useLayoutEffect(keys, []);
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Top />
      <main id="main" tabIndex={-1}>
        <View />
      </main>
      <Palette />
      <SignIn />
      <Notices />
    </>
  );
}

function View(): JSX.Element {
  const [, group, key, part] = path.value.split("/").map(decodeURIComponent);
  if (group === "") return <HomeView />;
  if (group === "processes") {
    return key === undefined ? <ProcessesView /> : <ProcessView key={key} at={key} />;
  }
  if (group === "incidents") return <IncidentsView />;
  if (group === "instances" && key !== undefined) return <InstanceView key={key} at={key} />;
  if (group === "flows" && key !== undefined && part !== undefined) {
    return <CaseView key={`${key}/${part}`} process={key} id={part} />;
  }
  if (group === "flows" && key !== undefined) return <FlowView key={key} at={key} />;
  if (group === "trace" && key !== undefined) return <TraceView key={key} at={key} />;
  return <p class="empty">There is nothing at this address. Press / to search.</p>;
}

const LINKS = { live: "Live", connecting: "Connecting", cut: "Cut off, trying again" };
const THEMES = { system: "Auto", light: "Light", dark: "Dark" };

function Top(): JSX.Element {
  const here = (to: string) => (to === "/" ? path.value === "/" : path.value.startsWith(to));
  return (
    <header class="top">
      <a class="brand" href="/">
        Grevy
      </a>
      <nav aria-label="Views">
        {PLACES.map(({ to, name }) => (
          <a key={to} href={to} aria-current={here(to) ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <button class="search" onClick={openPalette} aria-keyshortcuts="/ Control+K">
        <span>Search</span>
        <kbd>/</kbd>
      </button>
      <span class={`link ${link.value}`} role="status" title="The live stream of the server">
        {LINKS[link.value]}
      </span>
      <button class="plain" onClick={turn} title="Light or dark">
        {THEMES[theme.value]}
      </button>
      <a href="/api" target="_blank" rel="noopener">
        API
      </a>
    </header>
  );
}

/** `/` and Ctrl-K search, wherever one is not typing. */
function keys(): () => void {
  const pressed = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    // A field of a dialog that was closed just now keeps the focus until the next picture.
    const field = target?.matches("input, textarea, select, [contenteditable]") ?? false;
    const typing = field && (target?.checkVisibility() ?? false);
    const jump = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!jump && (event.key !== "/" || typing || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    openPalette();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

function SignIn(): JSX.Element | null {
  const [text, setText] = useState("");
  if (signIn.value === null) return null;
  const enter = () => {
    useToken(text.trim());
    // Everything on screen was asked without it.
    location.reload();
  };
  return (
    <Dialog title="Who asks?" close={() => (signIn.value = null)} submit={enter} action="Sign in">
      <p>{signIn.value}</p>
      <label>
        Token
        <input
          type="password"
          autocomplete="current-password"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">
        From <code>grevy token NAME --role ROLE</code>. It is kept until this tab is closed.
      </p>
    </Dialog>
  );
}
