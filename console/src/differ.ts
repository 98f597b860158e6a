/** How two names differ. */

/** Longer ones are compared by what they begin with: this is quadratic. */
const COMPARED_MAX = 200;

/** Row `i`, column `j`: what lies between the first `i` characters of one and `j` of the other. */
function table(one: string[], other: string[]): number[][] {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (const [i, left] of one.entries()) {
    const above = rows[i] ?? [];
    const row = [i + 1];
    for (const [j, right] of other.entries()) {
      const changed = (above[j] ?? 0) + (left === right ? 0 : 1);
      row.push(Math.min(changed, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    rows.push(row);
  }
  return rows;
}

const letters = (text: string) => [...text].slice(0, COMPARED_MAX);

/** How many characters have to be changed, added or left out. */
export function distance(one: string, other: string): number {
  const [left, right] = [letters(one), letters(other)];
  return table(left, right)[left.length]?.[right.length] ?? 0;
}

/** `came` in pieces: those that `wanted` has, too, and those that differ. What is missing in it
 * stands as `‸`. */
export function compared(wanted: string, came: string): { text: string; same: boolean }[] {
  const [left, right] = [letters(wanted), letters(came)];
  const all = table(left, right);
  const at = (i: number, j: number) => all[i]?.[j] ?? Number.POSITIVE_INFINITY;
  const pieces: { text: string; same: boolean }[] = [];
  const put = (text: string, same: boolean) => {
    const last = pieces.at(-1);
    if (last?.same === same) last.text = text + last.text;
    else pieces.push({ text, same });
  };
  let [i, j] = [left.length, right.length];
  while (i > 0 || j > 0) {
    const same = i > 0 && j > 0 && left[i - 1] === right[j - 1];
    if (same && at(i, j) === at(i - 1, j - 1)) put(right[--j] ?? "", i-- > 0);
    else if (i > 0 && j > 0 && at(i, j) === at(i - 1, j - 1) + 1) put(right[--j] ?? "", i-- < 0);
    else if (j > 0 && at(i, j) === at(i, j - 1) + 1) put(right[--j] ?? "", false);
    else put("‸", i-- < 0);
  }
  const rest = [...came].slice(COMPARED_MAX).join("");
  return [...pieces.reverse(), ...(rest === "" ? [] : [{ text: rest, same: true }])];
}
