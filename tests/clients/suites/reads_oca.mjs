// @camunda8/orchestration-cluster-api: every search and read, answers validated strictly.
import assert from 'node:assert/strict'
import { createCamundaClient } from '@camunda8/orchestration-cluster-api'
import { keys, searches } from './reads.mjs'

const client = createCamundaClient({
  config: {
    CAMUNDA_REST_ADDRESS: process.env.REST,
    // Of what it sends it would keep the first form that fits, and {limit} fits {limit, after}.
    CAMUNDA_SDK_VALIDATION: 'req:none,res:strict',
    CAMUNDA_SDK_LOG_LEVEL: 'error',
  },
})
// What is written is there to be read: the client need not wait for rows.
const once = { consistency: { waitUpToMs: 0 } }
const call = (name, input) => client[name](input, once)

// What a version of the client does not have yet is left out.
await searches(call, (name) => typeof client[name] === 'function')
// Pages by cursor, until there are none.
const all = await client.searchElementInstances({}, once)
let page = { limit: 2 }
const seen = []
for (;;) {
  const found = await client.searchElementInstances({ page }, once)
  if (found.items.length === 0) break
  assert.ok(seen.length < all.items.length, 'expected a page that goes on behind its cursor')
  seen.push(...found.items.map((item) => item.elementInstanceKey))
  page = { limit: 2, after: found.page.endCursor }
}
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
