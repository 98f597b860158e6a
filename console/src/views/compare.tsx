/** Two versions of a process side by side, and instances that go on in the other. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { Definition, Instance } from "../api/types";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { count } from "../format";
import { useLoad, useStream } from "../live";
import { namesOf, nodesOf, type Node } from "../names";
import { Failed } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { Grid, type Column } from "../parts/grid";
import { say } from "../parts/notices";
import { go, query, withQuery } from "../router";
import { differences, type Difference } from "./versions";

interface Props {
  from: Definition;
  to: Definition;
}

const COLUMNS: Column<Difference>[] = [
  {
    head: "Element",
    value: (row) => row.name,
    cell: (row) => <a href={withQuery({ element: row.id })}>{row.name}</a>,
  },
  { head: "Id", value: (row) => row.id },
  {
    head: "Difference",
    value: (row) => row.kind,
    cell: (row) => <span class={`chip ${row.kind}`}>{row.kind}</span>,
  },
  { head: "What", kind: "long", value: (row) => row.what },
];

export function Compare({ from, to }: Props): JSX.Element {
  const [turn, setTurn] = useState(0);
  const [before, after] = [from, to].map((one) => {
    const key = one.processDefinitionKey;
    return useLoad(`picture ${key}`, () => calls.diagram(key));
  });
  const found = useMemo(
    () => (before?.data && after?.data ? differences(before.data, after.data) : undefined),
    [before?.data, after?.data],
  );
  const element = query.value.get("element");
  useStream(`processDefinitionId=${encodeURIComponent(from.processDefinitionId)}`, () =>
    setTurn((turn) => turn + 1),
  );
  const laid = (kinds: Difference["kind"][]) => {
    const all = marks.none();
    for (const { id, kind } of found ?? []) if (kinds.includes(kind)) marks.add(all, [id], kind);
    return all;
  };
  const pictures = [
    { one: from, load: before, marks: laid(["removed", "changed"]) },
    { one: to, load: after, marks: laid(["added", "changed"]) },
  ];
  const choose = (id: string | null) =>
    go(withQuery({ element: id === element ? null : id }), true);
  return (
    <>
      <Failed error={before?.error ?? after?.error} />
      <div class="pair compare">
        {pictures.map(({ one, load, marks: own }) => (
          <div key={one.processDefinitionKey}>
            <h2>Version {one.version}</h2>
            <Diagram
              xml={load?.data}
              marks={own}
              selected={element}
              select={choose}
              label={`Diagram of version ${one.version}`}
            />
          </div>
        ))}
      </div>
      <Grid
        name="Differences"
        caption={`From version ${from.version} to version ${to.version}`}
        columns={COLUMNS}
        rows={found}
        id={(row) => `${row.kind} ${row.id}`}
        empty="The two versions do the same."
      />
      {before?.data && after?.data && (
        <Migration
          from={from}
          to={to}
          before={before.data}
          after={after.data}
          turn={turn}
        />
      )}
    </>
  );
}

interface MigrationProps extends Props {
  before: string;
  after: string;
  /** Another when something happened. */
  turn: number;
}

/** What one page migrates at once; each is asked for by itself. */
const INSTANCES_MAX = 1000;
const WIDTH = 8;

interface Checked {
  instance: Instance;
  /** What speaks against it; none: it can go on there. */
  reason: string | null;
}

function Migration({ from, to, before, after, turn }: MigrationProps): JSX.Element {
  const [sources, targets, names] = useMemo(
    () => [nodesOf(before), nodesOf(after), namesOf(before)],
    [before, after],
  );
  const key = from.processDefinitionKey;
  const heat = useLoad(`heat ${key}`, () => calls.heat(key, {}));
  useEffect(() => heat.reload(), [turn]);
  const active = (heat.data?.elements ?? []).filter((one) => one.active > 0);
  const own = new Map(sources.map((node) => [node.id, node]));
  const rows = active.filter((one) => own.has(one.elementId));
  const [chosen, choose] = useState<Record<string, string>>({});
  const same = (id: string) => (targets.some((node) => node.id === id) ? id : "");
  const mapping = rows
    .map((row): [string, string] => [row.elementId, chosen[row.elementId] ?? same(row.elementId)])
    .filter(([, target]) => target !== "");
  const [checked, setChecked] = useState<Checked[] | null>(null);
  const [asked, ask] = useState(false);
  const plan = { target: to.processDefinitionKey, mapping };
  const check = async () => {
    const filter = { processDefinitionKey: key, state: "ACTIVE" };
    const found = await calls.collect(calls.instances, { filter }, INSTANCES_MAX);
    setChecked(await each(found, (one) => calls.checkMigration(one.processInstanceKey, plan)));
  };
  const ready = (checked ?? []).filter((one) => one.reason === null);
  const apply = async (comment: string) => {
    const tried = await each(
      ready.map((one) => one.instance),
      (one) => calls.migrate(one.processInstanceKey, plan, comment),
    );
    tell(tried, to);
    ask(false);
    setChecked(null);
    heat.reload();
  };
  return (
    <section class="modify" aria-label="Migration">
      <Title from={from} to={to} />
      {heat.data && rows.length === 0 && <p class="empty">No instance of it is active.</p>}
      <ol>
        {rows.map(({ elementId: id, active: many }) => (
          <Becomes
            key={id}
            name={names.get(id) ?? id}
            many={many}
            value={chosen[id] ?? same(id)}
            targets={targets}
            set={(target) => {
              choose({ ...chosen, [id]: target });
              setChecked(null);
            }}
          />
        ))}
      </ol>
      {checked && <Refused checked={checked} />}
      <footer>
        <button disabled={rows.length === 0} onClick={check}>
          Preview
        </button>
        <button class="primary" disabled={ready.length === 0} onClick={() => ask(true)}>
          Migrate {count(ready.length)}
        </button>
      </footer>
      {asked && <Ask many={ready.length} to={to} close={() => ask(false)} submit={apply} />}
    </section>
  );
}

function tell(tried: Checked[], to: Definition): void {
  const done = tried.filter((one) => one.reason === null);
  say("ok", `${count(done.length)} of ${count(tried.length)} go on in version ${to.version}.`);
  const first = tried.find((one) => one.reason !== null);
  if (first) say("bad", `${first.instance.processInstanceKey}: ${first.reason}`);
}

function Title({ from, to }: Props): JSX.Element {
  return (
    <header>
      <h2>
        Migrate from version {from.version} to version {to.version}
      </h2>
      <span class="quiet">
        Where instances stand, and where they go on. Nothing changes before you apply it.
      </span>
    </header>
  );
}

interface BecomesProps {
  name: string;
  many: number;
  value: string;
  targets: Node[];
  set: (target: string) => void;
}

/** Where what stands at an element goes on. */
function Becomes({ name, many, value, targets, set }: BecomesProps): JSX.Element {
  return (
    <li>
      <label>
        {name} <span class="quiet">{count(many)} here, to</span>{" "}
        <select
          aria-label={`${name} goes on at`}
          value={value}
          onChange={(event) => set(event.currentTarget.value)}
        >
          <option value="">nothing</option>
          {targets.map((node) => (
            <option key={node.id} value={node.id}>
              {node.name}
            </option>
          ))}
        </select>
      </label>
    </li>
  );
}

interface AskProps {
  many: number;
  to: Definition;
  close: () => void;
  submit: (comment: string) => Promise<void>;
}

function Ask({ many, to, close, submit }: AskProps): JSX.Element {
  return (
    <Dialog
      title={`Migrate ${count(many)} instances?`}
      action="Migrate"
      commented
      close={close}
      submit={submit}
    >
      <p>
        They go on in version {to.version}; each as a whole, or not at all. Another migration brings
        them back, as long as its elements are there.
      </p>
    </Dialog>
  );
}

function Refused({ checked }: { checked: Checked[] }): JSX.Element {
  const refused = checked.filter((one) => one.reason !== null);
  const columns: Column<Checked>[] = [
    {
      head: "Instance",
      kind: "key",
      value: ({ instance }) => instance.processInstanceKey,
      cell: ({ instance: { processInstanceKey: key } }) => <a href={`/instances/${key}`}>{key}</a>,
    },
    { head: "Business id", value: ({ instance }) => instance.businessId },
    { head: "Why not", kind: "long", value: (row) => row.reason },
  ];
  return (
    <Grid
      name="Refused"
      caption={`${count(checked.length - refused.length)} can migrate, these cannot`}
      columns={columns}
      rows={refused}
      id={({ instance }) => instance.processInstanceKey}
      empty="Nothing speaks against it."
    />
  );
}

/** Asks for each, some at a time; why it failed, where it did. */
async function each(
  instances: Instance[],
  run: (one: Instance) => Promise<unknown>,
): Promise<Checked[]> {
  const all: Checked[] = instances.map((instance) => ({ instance, reason: null }));
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const one = all[at];
      if (one === undefined) break;
      await run(one.instance).catch((error: unknown) => {
        one.reason = why((error as Error).message);
      });
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return all;
}

/** All reasons, without what was asked for. */
const why = (text: string): string => /^Command .*?, but (.*)$/s.exec(text)?.[1] ?? text;
