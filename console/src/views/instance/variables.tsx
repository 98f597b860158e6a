/** Variables by scope; each can be changed where it is. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as calls from "../../api/calls";
import type { Change, Variable } from "../../api/types";
import { pretty } from "../../format";
import { Time } from "../../parts/bits";
import { Comment } from "../../parts/dialog";
import { attempt, say } from "../../parts/notices";
import { Grid, type Column } from "../../parts/grid";
import type { All, PartProps } from "../instance";
import { nameOf } from "./incidents";

export function Variables({ all, changed }: PartProps): JSX.Element {
  const instance = all.instance.processInstanceKey;
  const scopes = new Map<string, Variable[]>([[instance, []]]);
  for (const variable of all.variables) {
    scopes.set(variable.scopeKey, [...(scopes.get(variable.scopeKey) ?? []), variable]);
  }
  const live = all.instance.state === "ACTIVE";
  return (
    <section class="variables" aria-label="Variables">
      {[...scopes].map(([scope, rows]) => (
        <Scope
          key={scope}
          scope={scope}
          name={scope === instance ? "Variables" : `Variables of ${scopeName(all, scope)}`}
          rows={rows}
          open={live && isOpen(all, scope)}
          past={past(all, scope)}
          changed={changed}
        />
      ))}
    </section>
  );
}

function scopeName(all: All, scope: string): string {
  const found = all.elements.find((element) => element.elementInstanceKey === scope);
  return found === undefined ? scope : nameOf(all, found.elementId);
}

function isOpen(all: All, scope: string): boolean {
  const found = all.elements.find((element) => element.elementInstanceKey === scope);
  return scope === all.instance.processInstanceKey || found?.state === "ACTIVE";
}

/** By name, what each variable was before, the newest first. */
function past(all: All, scope: string): Map<string, Change[]> {
  const found = new Map<string, Change[]>();
  for (const change of all.changes.filter((one) => one.scopeKey === scope)) {
    found.set(change.name, [change, ...(found.get(change.name) ?? [])]);
  }
  return found;
}

interface ScopeProps {
  scope: string;
  past: Map<string, Change[]>;
  name: string;
  rows: Variable[];
  open: boolean;
  changed: () => void;
}

function Scope({ scope, name, rows, open, past, changed }: ScopeProps): JSX.Element {
  const [edited, edit] = useState<string | null>(null);
  const done = () => {
    edit(null);
    changed();
  };
  const columns: Column<Variable>[] = [
    { head: "Name", value: (row) => row.name },
    {
      head: "Value",
      kind: "long",
      value: (row) => row.value,
      cell: (row) =>
        edited === row.name ? (
          <Editor scope={scope} name={row.name} value={row} done={done} back={() => edit(null)} />
        ) : (
          <>
            <pre class="value">
              {pretty(row.value)}
              {row.isTruncated ? "…" : ""}
            </pre>
            <Past changes={past.get(row.name) ?? []} />
          </>
        ),
    },
    {
      head: "",
      kind: "number",
      value: () => "",
      cell: (row) =>
        open && edited !== row.name ? (
          <button class="plain" aria-label={`Edit ${row.name}`} onClick={() => edit(row.name)}>
            Edit
          </button>
        ) : null,
    },
  ];
  return (
    <>
      <Grid
        name={name}
        columns={columns}
        rows={rows}
        id={(row) => row.variableKey}
        empty="None."
      />
      {open && edited === null && (
        <button class="plain add" onClick={() => edit("")}>
          Add a variable
        </button>
      )}
      {edited === "" && <Editor scope={scope} name="" done={done} back={() => edit(null)} />}
    </>
  );
}

/** The first of them is the value that is shown anyway. */
function Past({ changes }: { changes: Change[] }): JSX.Element | null {
  const [newest, ...older] = changes;
  if (newest === undefined || older.length === 0) return null;
  return (
    <details class="older">
      <summary>
        {older.length === 1 ? "Changed once" : `Changed ${older.length} times`}, last{" "}
        <Time at={newest.time} />
      </summary>
      <ol>
        {older.map((change, at) => (
          <li key={at}>
            <Time at={change.time} /> <code>{change.value}</code>
          </li>
        ))}
      </ol>
    </details>
  );
}

interface EditorProps {
  scope: string;
  /** Empty for one that is not there yet. */
  name: string;
  value?: Variable;
  done: () => void;
  back: () => void;
}

function Editor({ scope, name, value, done, back }: EditorProps): JSX.Element {
  const [called, setCalled] = useState(name);
  const [text, setText] = useState(value === undefined ? "" : pretty(value.value));
  const [comment, setComment] = useState("");
  const [whole, setWhole] = useState(value?.isTruncated !== true);
  useEffect(() => {
    if (whole || value === undefined) return;
    // A list has the beginning of a long value only; saving that would cut it off.
    calls.variable(value.variableKey).then(
      (found) => {
        setText(pretty(found.value));
        setWhole(true);
      },
      (error: Error) => say("bad", error.message),
    );
  }, []);
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      JSON.parse(text);
    } catch {
      say("bad", `Expected JSON, such as 12, true, "text" or {"a": 1}, but got: ${text}`);
      return;
    }
    const set = () => calls.setVariable(scope, called, text, comment);
    if (await attempt(`'${called}' is set.`, set)) done();
  };
  return (
    <form class="editor" onSubmit={save} onKeyDown={(event) => event.key === "Escape" && back()}>
      {name === "" && (
        <input
          required
          placeholder="Name"
          aria-label="Name"
          value={called}
          onInput={(event) => setCalled(event.currentTarget.value)}
        />
      )}
      <textarea
        aria-label={`Value of ${called}, as JSON`}
        rows={Math.min(12, Math.max(2, text.split("\n").length))}
        spellcheck={false}
        autofocus
        disabled={!whole}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Comment value={comment} set={setComment} />
      <button class="primary" disabled={!whole}>
        Save
      </button>
      <button type="button" class="plain" onClick={back}>
        Back
      </button>
    </form>
  );
}
