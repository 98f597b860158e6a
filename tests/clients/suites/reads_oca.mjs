// @camunda8/orchestration-cluster-api: every search and read, answers validated strictly.
import assert from 'node:assert/strict'
import { createCamundaClient } from '@camunda8/orchestration-cluster-api'
import { keys, searches } from './reads.mjs'

const client = createCamundaClient({
  config: {
    CAMUNDA_REST_ADDRESS: process.env.REST,
    CAMUNDA_SDK_VALIDATION: 'req:strict,res:strict',
    CAMUNDA_SDK_LOG_LEVEL: 'error',
  },
})
const once = { consistency: { waitUpToMs: 0 } }
const call = (name, input) => client[name](input, once)

// What a version of the client does not have yet is left out.
await searches(call, (name) => typeof client[name] === 'function')
// Pages by cursor, until there are none.
let page = { limit: 2 }
const seen = []
for (;;) {
  const found = await client.searchElementInstances({ page }, once)
  if (found.items.length === 0) break
  seen.push(...found.items.map((item) => item.elementInstanceKey))
  page = { limit: 2, after: found.page.endCursor }
}
const all = await client.searchElementInstances({}, once)
assert.equal(seen.length, Number(all.page.totalItems))
assert.equal(new Set(seen).size, seen.length)

const own = (name) => ({ [name]: keys[name] })
const reads = {
  getProcessInstance: own('processInstanceKey'),
  getProcessDefinition: own('processDefinitionKey'),
  getElementInstance: own('elementInstanceKey'),
  getIncident: own('incidentKey'),
  getVariable: own('variableKey'),
  getUserTask: own('userTaskKey'),
  getDecisionDefinition: own('decisionDefinitionKey'),
  getDecisionRequirements: own('decisionRequirementsKey'),
  getDecisionInstance: own('decisionEvaluationInstanceKey'),
  getAuditLog: own('auditLogKey'),
}
for (const [name, input] of Object.entries(reads)) {
  const found = await call(name, input)
  const [[key, value]] = Object.entries(input)
  assert.equal(String(found[key]), value, name)
}
for (const [name, input] of [
  ['getProcessDefinitionXml', own('processDefinitionKey')],
  ['getDecisionDefinitionXml', own('decisionDefinitionKey')],
  ['getDecisionRequirementsXml', own('decisionRequirementsKey')],
]) {
  assert.match(await call(name, input), /definitions/, name)
}
assert.ok(Array.isArray(await call('getProcessInstanceCallHierarchy', own('processInstanceKey'))))
const incident = await call('getIncident', own('incidentKey'))
assert.equal(incident.errorMessage, 'declined')
assert.equal(incident.errorType, 'JOB_NO_RETRIES')
console.log('orchestration-cluster-api: all read')
process.exit(0)
