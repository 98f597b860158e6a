/** Home: what goes on, what is broken, what nobody works on, what does not move. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../api/calls";
import * as tracking from "../api/tracking";
import type { Case } from "../api/tracking";
import type { IncidentGroup, JobType, Overview, Spot, Stuck } from "../api/types";
import { age, count, errorName, span } from "../format";
import { useEvery, useLoad, useNow, useStream } from "../live";
import { Failed, Known, Tile } from "../parts/bits";
import { Throughput } from "../parts/chart";
import { Grid, type Column } from "../parts/grid";
import { useBusinessIds } from "./known";

/** What moves one of the figures; the rest of the stream stays where it is. */
const TYPES =
  "instance.created,instance.completed,instance.canceled,incident.raised,incident.resolved," +
  "definition.deployed";

export function HomeView(): JSX.Element {
  const { data, error, reload } = useLoad("home", calls.overview);
  useStream(`types=${TYPES}`, reload);
  const cases = useLoad("stuck cases", stuckCases);
  useEvery(CASES_MS, cases.reload);
  const ids = useBusinessIds([
    ...(data?.incidentGroups ?? []).map((group) => group.exampleInstanceKey),
    ...(data?.stuck ?? []).map((one) => one.processInstanceKey),
  ]);
  return (
    <>
      <h1 class="sr">Home</h1>
      <Failed error={error} />
      {data && <Figures data={data} />}
      {data && <Broken groups={data.incidentGroups} ids={ids} />}
      {data && (
        <div class="pair">
          <JobTypes types={data.jobTypes} />
          <StuckList stuck={[...data.stuck.map(ofInstance), ...(cases.data ?? [])]} ids={ids} />
        </div>
      )}
      {data && <Latency steps={data.steps} />}
    </>
  );
}

function Figures({ data }: { data: Overview }): JSX.Element {
  const unattended = data.jobTypes.filter((type) => type.waiting > 0 && type.workers === 0);
  return (
    <section class="figures" aria-label="At a glance">
      <div class="tiles">
        <Tile name="Active" value={count(data.active)} to="/processes" />
        <Tile
          name="Open incidents"
          value={count(data.incidents)}
          kind={data.incidents > 0 ? "bad" : "good"}
          to="/incidents"
        />
        <Tile
          name="Job types without a worker"
          value={count(unattended.length)}
          kind={unattended.length > 0 ? "warn" : "good"}
        />
        <Tile name="Completed" value={count(data.completedTotal)} />
      </div>
      <Throughput bars={data.throughput} />
    </section>
  );
}

/** By instance. */
type Ids = Map<string, string>;

/** The incidents that the row counts: those of its version. */
export function groupLink(group: IncidentGroup): string {
  const query = new URLSearchParams({
    version: group.processDefinitionKey,
    element: group.elementId,
    // The number of the text without its values; the fingerprint has version and element behind it.
    cause: /^-?\d+/.exec(group.fingerprint)?.[0] ?? "",
  });
  return `/incidents?${query}`;
}

const ofVersion = (at: Spot): string =>
  `${at.processDefinitionName} v${at.processDefinitionVersion}`;

function Broken({ groups, ids }: { groups: IncidentGroup[]; ids: Ids }): JSX.Element {
  const columns: Column<IncidentGroup>[] = [
    { head: "Count", kind: "number", value: (group) => group.count },
    {
      head: "What",
      kind: "long",
      value: (group) => group.message,
      cell: (group) => <a href={groupLink(group)}>{group.message || errorName(group.errorType)}</a>,
    },
    { head: "Kind", value: (row) => row.errorType, cell: (row) => errorName(row.errorType) },
    {
      head: "Process",
      value: ofVersion,
      cell: (group) => (
        <a
          href={`/processes/${group.processDefinitionKey}?state=incident`}
          title={group.processDefinitionId}
        >
          {ofVersion(group)}
        </a>
      ),
    },
    {
      head: "Element",
      value: (group) => group.elementName,
      cell: ({ elementId: id, elementName: name }) => <span title={id}>{name}</span>,
    },
    {
      head: "Example",
      kind: "key",
      value: (group) => group.exampleInstanceKey,
      cell: ({ exampleInstanceKey: key }) => (
        <>
          <a href={`/instances/${key}`}>{key}</a> <Known id={ids.get(key)} />
        </>
      ),
    },
  ];
  return (
    <Grid
      name="Incidents by cause"
      columns={columns}
      rows={groups}
      id={(group) => `${group.fingerprint} ${group.processDefinitionId} ${group.elementId}`}
      empty="No open incident."
    />
  );
}

function JobTypes({ types }: { types: JobType[] }): JSX.Element {
  const now = useNow(10_000);
  const unattended = (type: JobType) => type.waiting > 0 && type.workers === 0;
  const columns: Column<JobType>[] = [
    { head: "Job type", value: (type) => type.type },
    { head: "Waiting", kind: "number", value: (type) => type.waiting },
    { head: "At work", kind: "number", value: (type) => type.leased },
    {
      head: "Oldest",
      kind: "number",
      value: (type) => type.oldestTime,
      cell: (type) => <span title={type.oldestTime}>{age(type.oldestTime, now)}</span>,
    },
    {
      head: "Workers",
      kind: "number",
      value: (type) => type.workers,
      cell: (type) => (unattended(type) ? <span class="chip warn">none</span> : type.workers),
    },
  ];
  // Of a type whose jobs all failed none waits: its incidents say so.
  const waits = types.filter((type) => type.waiting + type.leased > 0);
  const sorted = waits.sort(
    (a, b) => Number(unattended(b)) - Number(unattended(a)) || b.waiting - a.waiting,
  );
  return (
    <Grid
      name="Jobs that wait"
      columns={columns}
      rows={sorted}
      id={(type) => type.type}
      marked={unattended}
      empty="No job waits."
    />
  );
}

/** An instance, or a case of a tracked flow, that does not move. */
interface Still {
  to: string;
  key: string;
  process: string;
  processId: string;
  at: string | null;
  atId: string | null;
  since: string;
  reason: string;
  /** How many others wait for the same worker. */
  others: number;
}

const ofInstance = (one: Stuck): Still => ({
  to: `/instances/${one.processInstanceKey}`,
  key: one.processInstanceKey,
  process: one.processDefinitionName,
  processId: one.processDefinitionId,
  at: one.elementName,
  atId: one.elementId,
  since: one.since,
  reason: one.reason,
  others: 0,
});

function ofCase(one: Case): Still {
  const [process, id] = [one.process, one.case].map(encodeURIComponent);
  const next = one.expected.join(" or ");
  const why = next === "" ? "no event comes" : `waits for ${next}`;
  return {
    to: `/flows/${process}/${id}`,
    key: one.case,
    process: one.process,
    processId: one.process,
    at: one.lastStep,
    atId: one.lastStep,
    since: new Date(one.lastMs ?? one.sinceMs).toISOString(),
    reason: isLate(one) ? `${why}; its deadline is over` : why,
    others: 0,
  };
}

/** The kind of finding that a missed deadline is. */
const TOO_LATE = "too late";

const isLate = (one: Case): boolean => one.findings.some(({ kind }) => kind === TOO_LATE);

/** Tracking has no stream. */
const CASES_MS = 5_000;

/** Those that are quiet for too long, and those that miss a deadline. */
async function stuckCases(): Promise<Still[]> {
  const flows = await tracking.tracked();
  const still = flows.map(async ({ process }) => {
    const wanted = [{ status: "stuck" }, { status: "open", deviating: "true" }];
    const [stuck, open] = await Promise.all(
      wanted.map((one) => tracking.cases(process, new URLSearchParams(one))),
    );
    return [...(stuck ?? []), ...(open ?? []).filter(isLate)].map(ofCase);
  });
  return (await Promise.all(still)).flat();
}

/** At first; the page is to be seen at one look. */
const STUCK_ROWS = 8;

/** Those that lack the same worker at the same place are one row: the oldest of them. */
function grouped(rows: Still[]): Still[] {
  const groups = new Map<string, Still>();
  for (const row of rows) {
    const lacks = row.reason.startsWith(NO_WORKER);
    const group = lacks ? `${row.processId} ${row.atId} ${row.reason}` : `${row.to} ${row.atId}`;
    const first = groups.get(group);
    if (first === undefined) groups.set(group, { ...row });
    else first.others++;
  }
  return [...groups.values()];
}

/** What the server says of a job that nobody asks for. */
const NO_WORKER = "no worker asks for";

function StuckList({ stuck: all, ids }: { stuck: Still[]; ids: Ids }): JSX.Element {
  const now = useNow(10_000);
  const [shown, setShown] = useState(STUCK_ROWS);
  const sorted = all.toSorted((a, b) => a.since.localeCompare(b.since));
  const stuck = grouped(sorted);
  const columns: Column<Still>[] = [
    {
      head: "Instance",
      kind: "key",
      value: (row) => row.key,
      cell: (row) => (
        <>
          <a href={row.to}>{row.key}</a> <Known id={ids.get(row.key)} />
          {row.others > 0 && <div class="quiet">and {count(row.others)} more</div>}
        </>
      ),
    },
    {
      head: "Process",
      value: (row) => row.process,
      cell: (row) => <span title={row.processId}>{row.process}</span>,
    },
    {
      head: "At",
      value: (row) => row.at,
      cell: ({ at, atId }) => <span title={atId ?? ""}>{at}</span>,
    },
    {
      head: "For",
      kind: "number",
      value: (row) => row.since,
      cell: (row) => <span title={row.since}>{age(row.since, now)}</span>,
    },
    { head: "Why", kind: "long", value: (row) => row.reason },
  ];
  return (
    <Grid
      name="Stuck and late"
      columns={columns}
      rows={stuck.slice(0, shown)}
      total={stuck.length}
      all={async () => sorted}
      more={shown < stuck.length ? () => setShown(stuck.length) : undefined}
      id={(row) => `${row.to} ${row.atId}`}
      empty="Nothing is stuck."
    />
  );
}

type Step = Overview["steps"][number];

function Latency({ steps }: { steps: Step[] }): JSX.Element {
  const columns: Column<Step>[] = [
    {
      head: "Process",
      value: ofVersion,
      cell: (step) => <span title={step.processDefinitionId}>{ofVersion(step)}</span>,
    },
    {
      head: "Step",
      value: (step) => step.elementName,
      cell: ({ processDefinitionKey: key, elementId: id, elementName: name }) => (
        <a href={`/processes/${key}?heat=p95&element=${encodeURIComponent(id)}`} title={id}>
          {name}
        </a>
      ),
    },
    { head: "Count", kind: "number", value: (step) => step.count },
    { head: "p50", kind: "number", value: (step) => step.p50Ms, cell: (s) => span(s.p50Ms) },
    { head: "p95", kind: "number", value: (step) => step.p95Ms, cell: (s) => span(s.p95Ms) },
  ];
  return (
    <Grid
      name="Step latency"
      caption="Slowest steps of the last ten minutes"
      columns={columns}
      rows={steps}
      id={(step) => `${step.processDefinitionKey} ${step.elementId}`}
      empty="No step has ended in the last ten minutes."
    />
  );
}
