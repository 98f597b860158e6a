/** One instance: where it is, what it waits for, what failed, and how to mend it. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import * as calls from "../api/calls";
import type {
  Change,
  ElementInstance,
  Explanation,
  Incident,
  Instance,
  Variable,
} from "../api/types";
import { Diagram } from "../diagram/diagram";
import * as marks from "../diagram/marks";
import { lasted } from "../format";
import { useLoad, useNow, useStream } from "../live";
import { nodesOf } from "../names";
import { Chip, Failed, Time } from "../parts/bits";
import { go, query, withQuery } from "../router";
import { Actions } from "./instance/actions";
import { Incidents } from "./instance/incidents";
import { Log } from "./instance/log";
import { Modify, planned, type Step } from "./instance/modify";
import { Tree } from "./instance/tree";
import { Variables } from "./instance/variables";
import { Decisions, Path, Waits } from "./instance/why";

/** All there is about an instance that is not asked for part by part. */
export interface All {
  instance: Instance;
  counts: calls.ElementCounts[];
  flows: string[];
  incidents: Incident[];
  variables: Variable[];
  elements: ElementInstance[];
  explanation: Explanation;
  changes: Change[];
}

const PARTS_MAX = 1000;

async function load(key: string): Promise<All> {
  const filter = { processInstanceKey: key };
  const newest = [{ field: "creationTime", order: "DESC" as const }];
  const first = [{ field: "startDate", order: "DESC" as const }];
  const byName = [{ field: "name", order: "ASC" as const }];
  // The instance first: the others say nothing of one that is not there.
  const instance = await calls.instance(key);
  const [counts, flows, incidents, variables, elements, explanation, changes] = await Promise.all([
    calls.statistics(key),
    calls.flows(key),
    calls.collect(calls.incidents, { filter, sort: newest }, PARTS_MAX),
    calls.collect(calls.variables, { filter, sort: byName }, PARTS_MAX),
    calls.collect(calls.elements, { filter, sort: first }, PARTS_MAX),
    calls.explain(key),
    calls.changes(key),
  ]);
  return { instance, counts, flows, incidents, variables, elements, explanation, changes };
}

export function InstanceView({ at }: { at: string }): JSX.Element {
  const { data, error, reload } = useLoad(at, () => load(at));
  useStream(`processInstanceKey=${at}`, reload);
  return (
    <>
      <Failed error={error} />
      {data && <Shown all={data} changed={reload} />}
    </>
  );
}

export interface PartProps {
  all: All;
  /** Called when the view itself changed something: it need not wait for the stream. */
  changed: () => void;
}

function Shown({ all, changed }: PartProps): JSX.Element {
  const { instance } = all;
  const definition = instance.processDefinitionKey;
  const picture = useLoad(`picture ${definition}`, () => calls.diagram(definition));
  const element = query.value.get("element");
  const [plan, setPlan] = useState<Step[] | null>(null);
  const laid = useMemo(() => {
    const now = marks.add(marks.counts(all.counts, false), new Set(all.flows), "taken");
    return planned(now, plan ?? []);
  }, [all.counts, all.flows, plan]);
  const nodes = useMemo(() => nodesOf(picture.data), [picture.data]);
  const modify = plan === null ? () => setPlan([]) : undefined;
  return (
    <>
      <Head all={all} changed={changed} modify={modify} />
      <Incidents all={all} changed={changed} />
      {plan && instance.state === "ACTIVE" && (
        <Modify all={all} nodes={nodes} plan={plan} setPlan={setPlan} changed={changed} />
      )}
      <Failed error={picture.error} />
      <Diagram
        xml={picture.data}
        marks={laid}
        selected={element}
        select={(id) => go(withQuery({ element: id === element ? null : id }), true)}
        label={`Diagram of instance ${instance.processInstanceKey}`}
      />
      <div class="columns">
        <div>
          <Waits all={all} changed={changed} />
          <Tree all={all} />
        </div>
        <div>
          <Variables all={all} changed={changed} />
          <Path all={all} />
          <Decisions all={all} />
          <Log instance={instance} turn={all} />
        </div>
      </div>
    </>
  );
}

interface HeadProps extends PartProps {
  modify: (() => void) | undefined;
}

function Head({ all, changed, modify }: HeadProps): JSX.Element {
  const { instance } = all;
  const now = useNow(1_000);
  const name = instance.processDefinitionName ?? instance.processDefinitionId;
  return (
    <header class="head">
      <div>
        <h1>
          <a href={`/processes/${instance.processDefinitionKey}`}>{name}</a>{" "}
          <span class="key">{instance.businessId ?? instance.processInstanceKey}</span>{" "}
          <Chip of={instance} />
        </h1>
        <p class="facts">
          <span>
            Key <code>{instance.processInstanceKey}</code>
          </span>
          <span>Version {instance.processDefinitionVersion}</span>
          <span>
            Started <Time at={instance.startDate} />
          </span>
          {instance.state === "SUSPENDED" && (
            <span>
              Suspended <Time at={instance.suspendedDate} />
            </span>
          )}
          {instance.endDate && (
            <span>
              Ended <Time at={instance.endDate} />
            </span>
          )}
          <span>
            {instance.endDate ? "Took" : "For"}{" "}
            {lasted(instance.startDate, instance.endDate, now)}
          </span>
          {instance.parentProcessInstanceKey && (
            <a href={`/instances/${instance.parentProcessInstanceKey}`}>Called by its parent</a>
          )}
        </p>
      </div>
      {instance.endDate === null && (
        <Actions instance={instance} changed={changed} modify={modify} />
      )}
    </header>
  );
}
