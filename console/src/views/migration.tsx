/** Instances that go on in another version of their process. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { Definition, Instance } from "../api/types";
import { count } from "../format";
import { useLoad } from "../live";
import { namesOf, nodesOf, type Node } from "../names";
import { Dialog } from "../parts/dialog";
import { Grid, type Column } from "../parts/grid";
import { say } from "../parts/notices";

interface Props {
  from: Definition;
  to: Definition;
}

interface MigrationProps extends Props {
  before: string;
  after: string;
  /** Another when something happened. */
  turn: number;
}

/** What one page migrates at once; each is asked for by itself. */
const INSTANCES_MAX = 10_000;
/** How many are under way at a time. */
const WIDTH = 8;

interface Tried {
  instance: Instance;
  /** What speaks against it; none: it can go on there, or does. */
  reason: string | null;
}

interface Result {
  tried: Tried[];
  /** Else it was asked whether they can be. */
  migrated: boolean;
}

const fine = (tried: Tried[]): Tried[] => tried.filter((one) => one.reason === null);

interface Progress {
  done: number;
  of: number;
}

function Under({ progress: { done, of } }: { progress: Progress }): JSX.Element {
  return (
    <label class="under-way">
      {count(done)} of {count(of)} <progress value={done} max={of} />
    </label>
  );
}

/** Tries something with each of many, and says how far it is. */
function useTries() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const each = async (all: Instance[], run: (one: Instance) => Promise<unknown>) => {
    const tried = await attempts(all, run, (done) => setProgress({ done, of: all.length }));
    setProgress(null);
    return tried;
  };
  return { progress, each };
}

export function Migration({ from, to, before, after, turn }: MigrationProps): JSX.Element {
  const [sources, targets, names] = useMemo(
    () => [nodesOf(before), nodesOf(after), namesOf(before)],
    [before, after],
  );
  const key = from.processDefinitionKey;
  const heat = useLoad(`heat ${key}`, () => calls.heat(key, {}));
  useEffect(() => heat.reload(), [turn]);
  const active = heat.data?.elements.filter((one) => one.active > 0) ?? [];
  const rows = active.filter((one) => sources.some((node) => node.id === one.elementId));
  const [chosen, choose] = useState<Record<string, string>>({});
  const same = (id: string) => (targets.some((node) => node.id === id) ? id : "");
  const mapping = rows
    .map((row): [string, string] => [row.elementId, chosen[row.elementId] ?? same(row.elementId)])
    .filter(([, target]) => target !== "");
  const [shown, show] = useState<Result | null>(null);
  const { progress, each } = useTries();
  const [asked, ask] = useState(false);
  const busy = progress !== null;
  const plan = { target: to.processDefinitionKey, mapping };
  const check = async () => {
    const filter = { processDefinitionKey: key, state: "ACTIVE" };
    const found = await calls.collect(calls.instances, { filter }, INSTANCES_MAX);
    const tried = await each(found, (one) => calls.checkMigration(one.processInstanceKey, plan));
    show({ tried, migrated: false });
  };
  const ready = shown === null || shown.migrated ? [] : fine(shown.tried);
  const apply = async (comment: string) => {
    ask(false);
    const run = (one: Instance) => calls.migrate(one.processInstanceKey, plan, comment);
    const tried = await each(ready.map((one) => one.instance), run);
    const many = `${count(fine(tried).length)} of ${count(tried.length)}`;
    say("ok", `${many} go on in version ${to.version}.`);
    show({ tried, migrated: true });
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
              show(null);
            }}
          />
        ))}
      </ol>
      {shown && <Refused of={shown} />}
      <footer>
        {progress && <Under progress={progress} />}
        <button disabled={busy || rows.length === 0} onClick={check}>
          Preview
        </button>
        <button class="primary" disabled={busy || ready.length === 0} onClick={() => ask(true)}>
          Migrate {count(ready.length)}
        </button>
      </footer>
      {asked && <Ask many={ready.length} to={to} close={() => ask(false)} submit={apply} />}
    </section>
  );
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

const REFUSED: Column<Tried>[] = [
  {
    head: "Instance",
    kind: "key",
    value: ({ instance }) => instance.processInstanceKey,
    cell: ({ instance: { processInstanceKey: key } }) => <a href={`/instances/${key}`}>{key}</a>,
  },
  { head: "Business id", value: ({ instance }) => instance.businessId },
  { head: "Why not", kind: "long", value: (row) => row.reason },
];

/** Those that cannot, or could not, with every reason. */
function Refused({ of: { tried, migrated } }: { of: Result }): JSX.Element {
  const refused = tried.filter((one) => one.reason !== null);
  const many = count(tried.length - refused.length);
  return (
    <Grid
      name="Refused"
      caption={migrated ? `${many} migrated, these did not` : `${many} can migrate, these cannot`}
      columns={REFUSED}
      rows={refused}
      id={({ instance }) => instance.processInstanceKey}
      empty={migrated ? "All of them did." : "Nothing speaks against it."}
    />
  );
}

/** Tries each, some at a time; why it failed, where it did. */
async function attempts(
  instances: Instance[],
  run: (one: Instance) => Promise<unknown>,
  told: (done: number) => void,
): Promise<Tried[]> {
  const all: Tried[] = instances.map((instance) => ({ instance, reason: null }));
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const one = all[at];
      if (one === undefined) break;
      await run(one.instance).catch((error: unknown) => {
        one.reason = why((error as Error).message);
      });
      told(++done);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return all;
}

/** All reasons, without what was asked for. */
const why = (text: string): string => /^Command .*?, but (.*)$/s.exec(text)?.[1] ?? text;
