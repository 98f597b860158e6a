/** The instances of a process, filtered by what stands in the address. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { Definition, Instance } from "../api/types";
import { lasted } from "../format";
import { useLoad, useNow, useStream } from "../live";
import { Chip, Failed, Time } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { say } from "../parts/notices";
import { go, query, withQuery } from "../router";
import { STATES, stateOf } from "../state";
import { instanceFilter, variableTest } from "./filters";
import { more } from "./incidents";

interface Props {
  definition: Definition;
  /** Of all its versions. */
  whole: boolean;
  /** Called when something happened in this process. */
  changed: () => void;
  deployed: () => void;
}

export function InstanceList({ definition, whole, changed, deployed }: Props): JSX.Element {
  const [limit, setLimit] = useState(calls.PAGE_ROWS);
  const filter = {
    ...instanceFilter(query.value),
    ...(whole
      ? { processDefinitionId: definition.processDefinitionId }
      : { processDefinitionKey: definition.processDefinitionKey }),
  };
  const search: calls.Query = { filter, sort: [{ field: "startDate", order: "DESC" }] };
  const { data, error, reload } = useLoad(JSON.stringify([search, limit]), () =>
    calls.instances({ ...search, page: { limit } }),
  );
  // One stream a page: a browser has few connections for a server.
  useStream(
    `processDefinitionId=${encodeURIComponent(definition.processDefinitionId)}`,
    () => {
      changed();
      reload();
    },
    (event) => event.type === "definition.deployed" && deployed(),
  );
  const total = data?.page.totalItems ?? 0;
  return (
    <>
      <Filters />
      <Failed error={error} />
      <Grid
        name="Instances"
        columns={useColumns(whole)}
        rows={data?.items}
        total={total}
        over={data?.page.hasMoreTotalItems === true}
        id={(row) => row.processInstanceKey}
        marked={(row) => row.hasIncident}
        all={() => calls.collect(calls.instances, search, calls.CSV_ROWS_MAX)}
        more={more(data?.items.length, total, () => setLimit(2 * limit))}
        empty="No instance is like this."
      />
    </>
  );
}

function useColumns(whole: boolean): Column<Instance>[] {
  const now = useNow(5_000);
  const version: Column<Instance> = {
    head: "Version",
    kind: "number",
    value: (row) => row.processDefinitionVersion,
  };
  return [
    {
      head: "Instance",
      kind: "key",
      value: (row) => row.processInstanceKey,
      cell: ({ processInstanceKey: key }) => <a href={`/instances/${key}`}>{key}</a>,
    },
    { head: "Business id", value: (row) => row.businessId },
    ...(whole ? [version] : []),
    { head: "State", value: (row) => stateOf(row).name, cell: (row) => <Chip of={row} /> },
    { head: "Started", value: (row) => row.startDate, cell: (row) => <Time at={row.startDate} /> },
    { head: "Ended", value: (row) => row.endDate, cell: (row) => <Time at={row.endDate} /> },
    {
      head: "Lasted",
      kind: "number",
      value: (row) => lasted(row.startDate, row.endDate, now),
    },
  ];
}

function Filters(): JSX.Element {
  const value = (name: string) => query.value.get(name) ?? "";
  const set = (name: string, text: string) => go(withQuery({ [name]: text }), true);
  const element = value("element");
  return (
    <div class="bar filters" role="search" aria-label="Filter instances">
      <nav class="choices" aria-label="State">
        {[{ id: "", name: "All" }, ...STATES].map(({ id, name }) => (
          <a
            key={id}
            href={withQuery({ state: id })}
            aria-current={id === value("state") ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <input
        aria-label="Business id"
        placeholder="Business id"
        value={value("business")}
        onChange={(event) => set("business", event.currentTarget.value.trim())}
      />
      <VariableFilter />
      <span class="together">
        <label>
          From{" "}
          <input
            type="datetime-local"
            value={value("from")}
            onChange={(event) => set("from", event.currentTarget.value)}
          />
        </label>
        <label>
          to{" "}
          <input
            type="datetime-local"
            value={value("to")}
            onChange={(event) => set("to", event.currentTarget.value)}
          />
        </label>
      </span>
      {element !== "" && (
        <a class="filter" href={withQuery({ element: null })} title="Remove">
          At <b>{element}</b> ×
        </a>
      )}
    </div>
  );
}

function VariableFilter(): JSX.Element {
  const tests = query.value.getAll("var");
  const add = (input: HTMLInputElement) => {
    const text = input.value.trim();
    if (text === "") return;
    if (variableTest(text) === null) {
      say("bad", `Expected a comparison such as 'amount > 100', but got '${text}'.`);
      return;
    }
    input.value = "";
    go(withQuery({ var: [...tests, text] }), true);
  };
  return (
    <>
      <input
        aria-label="Variable"
        placeholder="Variable: amount > 100"
        onChange={(event) => add(event.currentTarget)}
      />
      {tests.map((test) => (
        <a
          key={test}
          class="filter"
          href={withQuery({ var: tests.filter((other) => other !== test) })}
          title="Remove"
        >
          <b>{test}</b> ×
        </a>
      ))}
    </>
  );
}
