/** All processes, with what goes on in them. */

import type { JSX } from "preact";
import * as calls from "../api/calls";
import { tracked } from "../api/tracking";
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
  /** Unknown for tracked flows until one looks into them. */
  active: number | null;
  incidents: number | null;
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
    const to = `/processes/${key}`;
    return { to, id, name: name ?? id, version, kind: "executed", active, incidents };
  });
  const others = flows.map(({ process: id, version }): Row => {
    const to = `/flows/${encodeURIComponent(id)}`;
    return { to, id, name: id, version, kind: "tracked", active: null, incidents: null };
  });
  return [...executed, ...others];
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
    value: (row) => row.active,
    cell: ({ id, active }) =>
      active === null ? (
        ""
      ) : (
        <a href={`/processes/${encodeURIComponent(id)}?state=active`}>{count(active)}</a>
      ),
  },
  {
    head: "With an incident",
    kind: "number",
    value: (row) => row.incidents,
    cell: ({ id, incidents }) =>
      incidents ? (
        <a class="chip incident" href={`/processes/${encodeURIComponent(id)}?state=incident`}>
          {count(incidents)}
        </a>
      ) : (
        (incidents ?? "")
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
        marked={(row) => (row.incidents ?? 0) > 0}
        empty={
          <>
            Nothing is deployed yet. <code>grevy deploy order.bpmn</code> deploys a model.
          </>
        }
      />
    </>
  );
}
