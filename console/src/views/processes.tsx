/** All processes, with what goes on in them. */

import type { JSX } from "preact";
import * as calls from "../api/calls";
import type { Definition } from "../api/types";
import { count } from "../format";
import { useLoad, useStream } from "../live";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";

interface Row extends Definition {
  active: number;
  incidents: number;
}

const DEFINITIONS_MAX = 10_000;

async function load(): Promise<Row[]> {
  const sort = [{ field: "processDefinitionId", order: "ASC" as const }];
  const query = { filter: { isLatestVersion: true }, sort };
  const [definitions, counts] = await Promise.all([
    calls.collect(calls.definitions, query, DEFINITIONS_MAX),
    calls.definitionCounts(),
  ]);
  const by = new Map(counts.map((item) => [item.processDefinitionId, item]));
  return definitions.map((definition) => {
    const found = by.get(definition.processDefinitionId);
    const incidents = found?.activeInstancesWithIncidentCount ?? 0;
    const active = incidents + (found?.activeInstancesWithoutIncidentCount ?? 0);
    return { ...definition, active, incidents };
  });
}

const TYPES = "instance.created,instance.completed,instance.canceled,incident.raised," +
  "incident.resolved,definition.deployed";

const COLUMNS: Column<Row>[] = [
  {
    head: "Process",
    value: (row) => row.name ?? row.processDefinitionId,
    cell: (row) => (
      <a href={`/processes/${row.processDefinitionKey}`}>{row.name ?? row.processDefinitionId}</a>
    ),
  },
  { head: "Id", value: (row) => row.processDefinitionId },
  { head: "Version", kind: "number", value: (row) => row.version },
  {
    head: "Active",
    kind: "number",
    value: (row) => row.active,
    cell: (row) => (
      <a href={`/processes/${row.processDefinitionId}?state=active`}>{count(row.active)}</a>
    ),
  },
  {
    head: "With an incident",
    kind: "number",
    value: (row) => row.incidents,
    cell: (row) =>
      row.incidents === 0 ? (
        "0"
      ) : (
        <a class="chip incident" href={`/processes/${row.processDefinitionId}?state=incident`}>
          {count(row.incidents)}
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
        id={(row) => row.processDefinitionKey}
        marked={(row) => row.incidents > 0}
        empty={
          <>
            Nothing is deployed yet. <code>grevy deploy order.bpmn</code> deploys a model.
          </>
        }
      />
    </>
  );
}
