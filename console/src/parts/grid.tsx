/** Rows of anything: a table that the arrow keys walk through and that goes out as CSV. */

import type { ComponentChildren, JSX } from "preact";
import { count } from "../format";
import { Export, text } from "./export";

export interface Column<R> {
  head: string;
  /** What CSV gets, and the screen too unless there is a `cell`. */
  value: (row: R) => string | number | null | undefined;
  cell?: (row: R) => ComponentChildren;
  /** `long` texts break anywhere, so that the rest keeps its place; `spare` ones are not there
   * where the screen is narrow. */
  kind?: "number" | "text" | "key" | "long" | "spare";
}

export interface GridProps<R> {
  name: string;
  columns: Column<R>[];
  rows: R[] | undefined;
  id: (row: R) => string;
  /** How many there are in all, where only some are here. */
  total?: number;
  /** It is one thing, not a list: there is nothing to count. */
  single?: boolean;
  /** There are more than `total`; the server counts no further. */
  over?: boolean;
  more?: (() => void) | undefined;
  /** All rows, for CSV; those on screen without it. */
  all?: () => Promise<R[]>;
  /** Where Enter on a row goes to is its first link. */
  empty: ComponentChildren;
  marked?: (row: R) => boolean;
  caption?: ComponentChildren;
}

export function Grid<R>(props: GridProps<R>): JSX.Element {
  const { columns, rows } = props;
  return (
    <section class="grid" aria-label={props.name}>
      <header>
        <h2>{props.caption ?? props.name}</h2>
        <span class="quiet total">{total(props)}</span>
        <Export {...props} />
      </header>
      {rows !== undefined && rows.length === 0 ? (
        <p class="empty">{props.empty}</p>
      ) : (
        <div class="scroll">
          <table onKeyDown={walk}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th scope="col" class={column.kind ?? "text"}>
                    {column.head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{rows?.map((row) => <Row key={props.id(row)} {...props} row={row} />)}</tbody>
          </table>
        </div>
      )}
      {props.more && (
        <button class="more" onClick={props.more}>
          Show more
        </button>
      )}
    </section>
  );
}

function Row<R>({ row, columns, marked }: GridProps<R> & { row: R }): JSX.Element {
  return (
    <tr class={marked?.(row) ? "marked" : ""}>
      {columns.map((column) => (
        <td class={column.kind ?? "text"}>{column.cell?.(row) ?? text(column, row)}</td>
      ))}
    </tr>
  );
}

function total<R>({ rows, total, over, single }: GridProps<R>): string {
  if (rows === undefined || single) return "";
  return total === undefined || total === rows.length
    ? count(rows.length)
    : `${count(rows.length)} of ${count(total)}${over ? "+" : ""}`;
}

/** Arrow keys go from row to row, by the first thing in a row that can have the focus. */
function walk(event: JSX.TargetedKeyboardEvent<HTMLTableElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const target = event.target instanceof Element ? event.target : null;
  if (step === undefined || target === null || target.matches("input, select, textarea")) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("tbody tr")]
    .map((row) => row.querySelector<HTMLElement>("a, button"))
    .filter((stop) => stop !== null);
  const at = stops.findIndex((stop) => stop.closest("tr") === target.closest("tr"));
  const next = stops[at + step];
  if (next !== undefined) {
    event.preventDefault();
    next.focus();
  }
}
