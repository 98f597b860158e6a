/** Two versions of a process side by side. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { Definition } from "../api/types";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { useLoad, useStream } from "../live";
import { Failed } from "../parts/bits";
import { Grid, type Column } from "../parts/grid";
import { go, query, withQuery } from "../router";
import { Migration } from "./migration";
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
