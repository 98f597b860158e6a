// Every search and read of the API, called through a client; each suite says how its client
// spells it. `keys` are those of what the server was seeded with.
import assert from 'node:assert/strict'

export const keys = JSON.parse(process.env.SEED)

const { processDefinitionKey, processInstanceKey, elementInstanceKey, userTaskKey } = keys

// Name of the call, what its path names, what its body holds.
export const SEARCHES = [
  ['searchProcessInstances', {}],
  ['searchProcessInstances', { filter: { state: 'ACTIVE', processDefinitionId: 'order' } }],
  ['searchProcessInstances', {
    filter: { $or: [{ state: { $eq: 'COMPLETED' } }, { hasIncident: true }] },
    sort: [{ field: 'startDate', order: 'DESC' }],
    page: { from: 0, limit: 5 },
  }],
  ['searchProcessDefinitions', { filter: { isLatestVersion: true } }],
  ['searchElementInstances', { filter: { processInstanceKey } }],
  ['searchElementInstanceWaitStates', {}],
  ['searchVariables', { filter: { name: 'orderId' } }],
  ['searchJobs', { filter: { type: 'charge' } }],
  ['searchIncidents', { filter: { state: 'ACTIVE' } }],
  ['searchProcessInstanceIncidents', { processInstanceKey }],
  ['searchElementInstanceIncidents', { elementInstanceKey }],
  ['searchMessageSubscriptions', {}],
  ['searchCorrelatedMessageSubscriptions', {}],
  ['searchDecisionDefinitions', {}],
  ['searchDecisionRequirements', {}],
  ['searchDecisionInstances', {}],
  ['searchUserTasks', { filter: { assignee: 'ann' } }],
  ['searchUserTaskVariables', { userTaskKey }],
  ['searchUserTaskEffectiveVariables', { userTaskKey }],
  ['searchAuditLogs', {}],
  ['getProcessInstanceStatisticsByError', {}],
  ['getProcessInstanceStatisticsByDefinition', { filter: { errorHashCode: keys.errorHashCode } }],
  ['getProcessDefinitionInstanceStatistics', {}],
  ['getProcessDefinitionInstanceVersionStatistics', { filter: { processDefinitionId: 'order' } }],
  ['getProcessDefinitionMessageSubscriptionStatistics', {}],
  ['getProcessDefinitionStatistics', { processDefinitionKey }],
  ['getProcessInstanceStatistics', { processInstanceKey }],
  ['getProcessInstanceSequenceFlows', { processInstanceKey }],
]
// These are empty by nature: nothing was called, no batch has run, nobody has touched the task.
export const MAYBE_EMPTY = [
  ['searchBatchOperations', {}],
  ['searchBatchOperationItems', {}],
  ['searchUserTaskAuditLogs', { userTaskKey }],
]

// Each answer holds something; values are read as the client types them.
export const searches = async (call, list) => {
  for (const [name, input] of SEARCHES.filter(([name]) => list(name))) {
    const found = await call(name, input)
    assert.ok(found.items.length > 0, `${name} ${JSON.stringify(input)} found nothing`)
    console.log(`${name}: ${found.items.length}`)
  }
  for (const [name, input] of MAYBE_EMPTY.filter(([name]) => list(name))) {
    const found = await call(name, input)
    assert.ok(Array.isArray(found.items), name)
  }
}
