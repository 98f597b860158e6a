// Evaluates every line of ../golden/expressions.txt with @bpmn-io/feelin and prints one JSON object
// a line: the expression, and its value or that it failed. Run with
// `npm install && node run.js > ../golden/feelin.jsonl`; the result is committed.
import { evaluate } from '@bpmn-io/feelin';
import { readFileSync } from 'node:fs';

const variables = JSON.parse(readFileSync(new URL('../golden/variables.json', import.meta.url)));
const text = readFileSync(new URL('../golden/expressions.txt', import.meta.url), 'utf8');

function plain(value) {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    if (typeof value.toISO === 'function') return { '@': value.toISO() };
    if (Object.getPrototypeOf(value) !== Object.prototype) return { '@': String(value) };
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plain(own)]));
  }
  return typeof value === 'function' ? { '@': 'function' } : value;
}

for (const expression of text.split('\n').filter((line) => line && !line.startsWith('#'))) {
  const row = { expression };
  try {
    const found = evaluate(expression, structuredClone(variables));
    const wrapped = found.value !== undefined || 'warnings' in (found || {});
    row.value = plain(wrapped ? found.value : found);
  } catch (error) {
    row.failed = true;
  }
  console.log(JSON.stringify(row));
}
