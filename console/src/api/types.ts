/** What the REST API answers, as far as the console reads it. Keys are strings: they have more
 * digits than a number holds. */

export type Key = string;

export interface Page {
  totalItems: number;
  hasMoreTotalItems: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

export interface Found<T> {
  items: T[];
  page: Page;
}

export interface Definition {
  processDefinitionKey: Key;
  processDefinitionId: string;
  name: string | null;
  version: number;
  versionTag: string | null;
  resourceName: string;
  tenantId: string;
}

export interface DefinitionCounts {
  processDefinitionId: string;
  activeInstancesWithIncidentCount: number;
  activeInstancesWithoutIncidentCount: number;
}

export interface Instance {
  processInstanceKey: Key;
  processDefinitionKey: Key;
  processDefinitionId: string;
  processDefinitionName: string | null;
  processDefinitionVersion: number;
  startDate: string;
  endDate: string | null;
  suspendedDate: string | null;
  state: "ACTIVE" | "COMPLETED" | "SUSPENDED" | "TERMINATED";
  hasIncident: boolean;
  parentProcessInstanceKey: Key | null;
  rootProcessInstanceKey: Key | null;
  businessId: string | null;
  tags: string[];
}

export interface ElementInstance {
  elementInstanceKey: Key;
  elementId: string;
  elementName: string;
  type: string;
  state: "ACTIVE" | "COMPLETED" | "TERMINATED";
  startDate: string;
  endDate: string | null;
  hasIncident: boolean;
  processInstanceKey: Key;
}

export interface Variable {
  variableKey: Key;
  name: string;
  value: string;
  isTruncated: boolean;
  scopeKey: Key;
  processInstanceKey: Key;
}

export interface Incident {
  incidentKey: Key;
  errorType: string;
  errorMessage: string;
  elementId: string;
  elementInstanceKey: Key;
  creationTime: string;
  state: "ACTIVE" | "MIGRATED" | "PENDING" | "RESOLVED" | "UNKNOWN";
  jobKey: Key | null;
  processInstanceKey: Key;
  processDefinitionKey: Key;
  processDefinitionId: string;
}

export interface Job {
  jobKey: Key;
  type: string;
  processInstanceKey: Key;
}

export interface Subscription {
  messageSubscriptionKey: Key;
  messageName: string;
  correlationKey: string | null;
  messageSubscriptionState: string;
  processInstanceKey: Key | null;
  processDefinitionId: string;
  elementId: string;
}

export interface Audit {
  auditLogKey: Key;
  operationType: string;
  entityType: string;
  entityKey: Key;
  timestamp: string;
  actorId: string | null;
  actorType: string | null;
  result: string;
  entityDescription: string | null;
  comment: string | null;
}

export interface Flow {
  /** Of the flow itself; what is called its id has the instance before it. */
  elementId: string;
}

/** Grevy's own answers. */

/** An element of a version. */
export interface Spot {
  processDefinitionId: string;
  processDefinitionKey: Key;
  processDefinitionName: string;
  processDefinitionVersion: number;
  elementId: string;
  elementName: string;
}

export interface IncidentGroup extends Spot {
  fingerprint: string;
  errorType: string;
  message: string;
  count: number;
  exampleInstanceKey: Key;
  lastTime: string;
}

export interface Stuck extends Spot {
  processInstanceKey: Key;
  since: string;
  kind: "job" | "message" | "timer" | "quarantine";
  reason: string;
}

export interface JobType {
  type: string;
  waiting: number;
  leased: number;
  workers: number;
  oldestTime: string;
}

export interface Overview {
  /** Steps of ten seconds, the oldest first. */
  throughput: { time: string; created: number; completed: number; canceled: number }[];
  active: number;
  incidents: number;
  completedTotal: number;
  canceledTotal: number;
  incidentGroups: IncidentGroup[];
  jobTypes: JobType[];
  stuck: Stuck[];
  /** The slowest of those that completed lately. */
  steps: (Spot & { count: number; p50Ms: number; p95Ms: number })[];
}

export interface ElementHeat {
  elementId: string;
  active: number;
  incidents: number;
  completed: number;
  canceled: number;
  p50Ms: number | null;
  p95Ms: number | null;
  waiting: number;
}

export interface Heat {
  elements: ElementHeat[];
  flows: { sequenceFlowId: string; count: number }[];
  instances: { completed: number; p50Ms: number; p95Ms: number } | null;
  target: Promised | null;
}

/** Durations of whole instances or cases. */
export interface Whole {
  count: number;
  p50Ms: number;
  p95Ms: number;
}

/** A promise that 95 % of them take no longer. */
export interface Promised {
  withinMs: number;
  kept: boolean;
  breaches: number;
  /** 1 is all that one in twenty allows. */
  allowanceUsed: number;
}

export interface NearMiss {
  messageKey: Key;
  name: string;
  correlationKey: string;
  publishTime: string;
  expired: boolean;
}

export interface Wait {
  elementId: string;
  kind:
    | "incident"
    | "message"
    | "timer"
    | "job"
    | "join"
    | "user-task"
    | "signal"
    | "condition"
    | "called"
    | "event-gateway";
  text: string;
  since: string | null;
  job?: {
    jobKey: Key;
    type: string;
    retries: number;
    tried: number;
    errorMessage: string | null;
    retryTime: string | null;
    worker: string | null;
    workers: number;
  };
  message?: { name: string; correlationKey: string; nearMisses: NearMiss[] };
  dueDate?: string;
  called?: { processInstanceKey: Key; processDefinitionId: string };
}

export interface Explanation {
  processInstanceKey: Key;
  processDefinitionId: string;
  state: string;
  quarantine: string | null;
  waitsFor: Wait[];
  path: {
    elementId: string;
    sequenceFlowId: string;
    text: string;
    expression: string | null;
    value: string;
    refused: { sequenceFlowId: string; text: string; expression: string }[];
    time: string;
  }[];
  decisions: Decided[];
  failures: {
    elementId: string;
    time: string;
    errorType: string;
    message: string;
    tried: number;
    resolvedTime: string | null;
    incidentKey: Key;
    text: string;
  }[];
}

/** A decision that a business rule task asked for. */
export interface Decided {
  elementId: string;
  time: string;
  decisionDefinitionId: string;
  decisionDefinitionKey: Key;
  decisionDefinitionVersion: number;
  decisionEvaluationKey: Key;
  output: string;
  failureMessage: string | null;
  failedDecisionDefinitionId: string | null;
  warnings: string[];
  /** Required ones before those that require them. */
  evaluatedDecisions: {
    decisionDefinitionId: string;
    decisionDefinitionName: string;
    decisionDefinitionType: string;
    output: string;
    inputs: Clause[];
    matchedRules: { ruleId: string; ruleIndex: number; outputs: Clause[] }[];
  }[];
}

export interface Clause {
  name: string;
  value: string;
}

/** A value that a variable got. */
export interface Change {
  variableKey: Key;
  name: string;
  scopeKey: Key;
  value: string;
  created: boolean;
  time: string;
}

/** One event of the live stream. */
export interface LiveEvent {
  position: string;
  time: string;
  type: string;
  processInstanceKey?: Key;
  processDefinitionId?: string;
  elementId?: string;
  elementInstanceKey?: Key;
  detail: Record<string, unknown>;
}
