/** Moving tokens by hand: what is planned stands in a list, and nothing happens before it is
 * applied, all of it or nothing. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../../api/calls";
import type { Key } from "../../api/types";
import type { Badge, Marks } from "../../diagram/marks";
import type { Node } from "../../names";
import { Dialog } from "../../parts/dialog";
import { attempt } from "../../parts/notices";
import { go, query, withQuery } from "../../router";
import type { All } from "../instance";

/** Tokens that come, and tokens that go; a move is both. */
export interface Step {
  from: string | null;
  /** Element instances that end. */
  keys: Key[];
  to: string | null;
  /** For what comes, as JSON. */
  variables: string;
  /** For the element alone, not for the instance. */
  local: boolean;
}

interface Props {
  all: All;
  nodes: Node[];
  plan: Step[];
  setPlan: (plan: Step[] | null) => void;
  changed: () => void;
}

export function Modify({ all, nodes, plan, setPlan, changed }: Props): JSX.Element {
  const [asked, ask] = useState(false);
  const name = (id: string) => nodes.find((node) => node.id === id)?.name ?? id;
  const change = (at: number, step: Step | null) =>
    setPlan(plan.flatMap((old, index) => (index !== at ? [old] : step === null ? [] : [step])));
  const apply = async (comment: string) => {
    const key = all.instance.processInstanceKey;
    const run = () => calls.modify(key, plan, comment);
    const done = await attempt("The instance is modified.", run);
    ask(false);
    if (!done) return;
    setPlan(null);
    changed();
  };
  return (
    <section class="modify" aria-label="Modification">
      <header>
        <h2>Modification</h2>
        <span class="quiet">
          Choose an element here or in the diagram. Nothing changes before you apply it.
        </span>
      </header>
      <Choose all={all} nodes={nodes} plan={plan} add={(step) => setPlan([...plan, step])} />
      <ol>
        {plan.map((step, at) => (
          <li key={at}>
            <span>{told(step, name)}</span>
            <button
              class="plain"
              aria-label={`Leave out: ${told(step, name)}`}
              onClick={() => change(at, null)}
            >
              ×
            </button>
            {step.to !== null && <Given step={step} change={(next) => change(at, next)} />}
          </li>
        ))}
      </ol>
      <footer>
        <button class="plain" onClick={() => setPlan(null)}>
          Discard
        </button>
        <button class="primary" disabled={plan.length === 0} onClick={() => ask(true)}>
          Apply
        </button>
      </footer>
      {asked && <Summary plan={plan} name={name} close={() => ask(false)} submit={apply} />}
    </section>
  );
}

interface ChooseProps {
  all: All;
  nodes: Node[];
  plan: Step[];
  add: (step: Step) => void;
}

/** An element, and what is to become of it. */
function Choose({ all, nodes, plan, add }: ChooseProps): JSX.Element {
  const chosen = query.value.get("element") ?? "";
  const keys = tokens(all, plan, chosen);
  const step = (change: Partial<Step>) =>
    add({ from: null, keys: [], to: null, variables: "{}", local: false, ...change });
  const options = nodes.map((node) => (
    <option key={node.id} value={node.id}>
      {node.name}
    </option>
  ));
  return (
    <div class="choose">
      <label>
        Element{" "}
        <select
          aria-label="Element"
          value={chosen}
          onChange={(event) => go(withQuery({ element: event.currentTarget.value }), true)}
        >
          <option value="">none</option>
          {options}
        </select>
      </label>
      <button disabled={chosen === ""} onClick={() => step({ to: chosen })}>
        Add a token
      </button>
      <button disabled={keys.length === 0} onClick={() => step({ from: chosen, keys })}>
        Cancel {tokenCount(keys.length)}
      </button>
      <label>
        Move {tokenCount(keys.length)} to{" "}
        <select
          aria-label={`Move ${tokenCount(keys.length)} to`}
          value=""
          disabled={keys.length === 0}
          onChange={(event) => {
            step({ from: chosen, keys, to: event.currentTarget.value });
            event.currentTarget.value = "";
          }}
        >
          <option value="">…</option>
          {options.filter((_, at) => nodes[at]?.id !== chosen)}
        </select>
      </label>
    </div>
  );
}

interface SummaryProps {
  plan: Step[];
  name: (id: string) => string;
  close: () => void;
  submit: (comment: string) => Promise<void>;
}

function Summary({ plan, name, close, submit }: SummaryProps): JSX.Element {
  const given = (step: Step) => step.to !== null && step.variables.trim() !== "{}";
  return (
    <Dialog
      title="Apply this modification?"
      action="Apply it"
      commented
      close={close}
      submit={submit}
    >
      <ul>
        {plan.map((step, at) => (
          <li key={at}>
            {told(step, name)}
            {given(step) && <pre class="value">{step.variables}</pre>}
          </li>
        ))}
      </ul>
      <p>All of it happens at once, or nothing. It is written down with your name.</p>
    </Dialog>
  );
}

interface GivenProps {
  step: Step;
  change: (step: Step) => void;
}

function Given({ step, change }: GivenProps): JSX.Element {
  return (
    <details>
      <summary>Variables</summary>
      <textarea
        aria-label="Variables, as a JSON object"
        rows={3}
        spellcheck={false}
        value={step.variables}
        onInput={(event) => change({ ...step, variables: event.currentTarget.value })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={step.local}
          onChange={(event) => change({ ...step, local: event.currentTarget.checked })}
        />{" "}
        For this element only
      </label>
    </details>
  );
}

function tokenCount(count: number): string {
  if (count === 0) return "tokens";
  return count === 1 ? "its token" : `its ${count} tokens`;
}

function told({ from, keys, to }: Step, name: (id: string) => string): string {
  const tokens = keys.length === 1 ? "the token" : `${keys.length} tokens`;
  if (from === null) return `Add a token at ${name(to ?? "")}`;
  if (to === null) return `Cancel ${tokens} at ${name(from)}`;
  return `Move ${tokens} from ${name(from)} to ${name(to)}`;
}

/** Those of an element that nothing is planned for yet. */
function tokens(all: All, plan: Step[], elementId: string): Key[] {
  const planned = new Set(plan.flatMap((step) => step.keys));
  return all.elements
    .filter((one) => one.elementId === elementId && one.state === "ACTIVE")
    .map((one) => one.elementInstanceKey)
    .filter((key) => !planned.has(key));
}

/** What is planned, over the diagram as it is. */
export function planned(marks: Marks, plan: Step[]): Marks {
  const change = new Map<string, number>();
  const count = (id: string | null, by: number) =>
    id !== null && change.set(id, (change.get(id) ?? 0) + by);
  for (const { from, keys, to } of plan) {
    count(from, -keys.length);
    // Each token that is moved comes again at the other end.
    count(to, from === null ? 1 : keys.length);
  }
  const badges = new Map(marks.badges);
  for (const [id, by] of change) {
    const text = by > 0 ? `+${by}` : by < 0 ? `−${-by}` : "±0";
    const badge: Badge = { kind: "note", text, at: ["top", "left"] };
    badges.set(id, [...(badges.get(id) ?? []), badge]);
  }
  return { classes: marks.classes, badges };
}
