/** How many began and ended in each step of time, as bars beside each other. */

import type { JSX } from "preact";
import { count, time } from "../format";

export interface Bar {
  time: string;
  created: number;
  completed: number;
}

const HEIGHT = 96;
const STEP = 12;

export function Throughput({ bars }: { bars: Bar[] }): JSX.Element {
  const most = Math.max(1, ...bars.flatMap((bar) => [bar.created, bar.completed]));
  const width = Math.max(1, bars.length) * STEP;
  const height = (value: number) => (value / most) * (HEIGHT - 2);
  return (
    <figure class="chart">
      <figcaption>
        <span class="key created">Started</span>
        <span class="key completed">Completed</span>
        <span class="quiet">in ten seconds; the highest bar is {count(most)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={spoken(bars)}
      >
        {bars.map((bar, at) => (
          <g key={bar.time}>
            <title>{`${time(bar.time)}: ${bar.created} started, ${bar.completed} completed`}</title>
            <rect class="area" x={at * STEP} y={0} width={STEP} height={HEIGHT} />
            {(["created", "completed"] as const).map((kind, side) => (
              <rect
                key={kind}
                class={kind}
                x={at * STEP + 1 + side * 5}
                y={HEIGHT - height(bar[kind])}
                width={4.5}
                height={height(bar[kind])}
              />
            ))}
          </g>
        ))}
      </svg>
    </figure>
  );
}

function spoken(bars: Bar[]): string {
  const last = bars.at(-1);
  if (last === undefined) return "Nothing happened yet.";
  return `In the last ten seconds ${last.created} started and ${last.completed} completed.`;
}
