/** All processes, with what goes on in them. */

import type { JSX } from "preact";
import * as calls from "../api/calls";
import { counted, tracked, type Tracked } from "../api/tracking";
import { count } from "../format";
import { useLoad, useStream } from "../live";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";

/** Executed and tracked flows side by side. */
interface Row {
  to: string;
  id: string;
  name: string;
  version: number | null;
  kind: "executed" | "tracked";
  /** With the address of their list. */
  active: Counted;
  /** Instances with an incident, cases that are stuck. */
  trouble: Counted;
}

interface Counted {
  count: number;
  to: string;
}

const DEFINITIONS_MAX = 10_000;

async function load(): Promise<Row[]> {
  const sort = [{ field: "processDefinitionId", order: "ASC" as const }];
  const query = { filter: { isLatestVersion: true }, sort };
  const [definitions, counts, flows] = await Promise.all([
    calls.collect(calls.definitions, query, DEFINITIONS_MAX),
    calls.definitionCounts(),
    tracked(),
  ]);
  const by = new Map(counts.map((item) => [item.processDefinitionId, item]));
  const executed = definitions.map((definition): Row => {
    const { processDefinitionId: id, processDefinitionKey: key, name, version } = definition;
    const found = by.get(id);
    const incidents = found?.activeInstancesWithIncidentCount ?? 0;
    const active = incidents + (found?.activeInstancesWithoutIncidentCount ?? 0);
    const all = `/processes/${encodeURIComponent(id)}`;
    return {
      to: `/processes/${key}`,
      id,
      name: name ?? id,
      version,
      kind: "executed",
      active: { count: active, to: `${all}?state=active` },
      trouble: { count: incidents, to: `${all}?state=incident` },
    };
  });
  return [...executed, ...(await Promise.all(flows.map(ofFlow)))];
}

async function ofFlow({ process: id }: Tracked): Promise<Row> {
  const to = `/flows/${encodeURIComponent(id)}`;
  const [open, stuck] = await Promise.all([counted(id, "open"), counted(id, "stuck")]);
  return {
    to,
    id,
    name: id,
    // Its models are counted over all flows, which says nothing here.
    version: null,
    kind: "tracked",
    active: { count: open + stuck, to },
    trouble: { count: stuck, to: `${to}?status=stuck` },
  };
}

const TYPES = "instance.created,instance.completed,instance.canceled,incident.raised," +
  "incident.resolved,definition.deployed";

const COLUMNS: Column<Row>[] = [
  {
    head: "Process",
    value: (row) => row.name,
    cell: (row) => <a href={row.to}>{row.name}</a>,
  },
  { head: "Id", value: (row) => row.id },
  { head: "Kind", value: (row) => row.kind, cell: (row) => <span class="chip">{row.kind}</span> },
  { head: "Version", kind: "number", value: (row) => row.version },
  {
    head: "Active",
    kind: "number",
    value: (row) => row.active.count,
    cell: ({ active }) => <a href={active.to}>{count(active.count)}</a>,
  },
  {
    head: "Incident or stuck",
    kind: "number",
    value: (row) => row.trouble.count,
    cell: ({ trouble }) =>
      trouble.count === 0 ? (
        0
      ) : (
        <a class="chip incident" href={trouble.to}>
          {count(trouble.count)}
        </a>
      ),
  },
];

export function ProcessesView(): JSX.Element {
  const { data, error, reload } = useLoad("processes", load);
  useStream(`types=${TYPES}`, reload);
  return (
    <>
      <h1 class="sr">Processes</h1>
      <Failed error={error} />
      <Grid
        name="Processes"
        columns={COLUMNS}
        rows={data}
        id={(row) => row.to}
        marked={(row) => row.trouble.count > 0}
        empty={
          <>
            Nothing is deployed yet. <code>grevy deploy order.bpmn</code> deploys a model.
          </>
        }
      />
    </>
  );
}
