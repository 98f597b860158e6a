// @camunda8/sdk: every search and read that its REST client has, values read as it types them.
const assert = require('node:assert/strict')
const { Camunda8 } = require('@camunda8/sdk')

const main = async () => {
  const { keys, searches } = await import('./reads.mjs')
  const client = new Camunda8({
    ZEEBE_REST_ADDRESS: process.env.REST,
    CAMUNDA_OAUTH_DISABLED: true,
    CAMUNDA_LOG_LEVEL: 'error',
  }).getCamundaRestClient()
  await searches((name, input) => client[name](input), (name) => name in client)
  const instances = await client.searchProcessInstances({ sort: [{ field: 'startDate' }] })
  assert.equal(instances.items[0].processDefinitionId, 'order')
  const found = await client.searchElementInstances({ filter: { elementId: 'charge' } })
  assert.ok(found.items[0].startDate instanceof Date || typeof found.items[0].startDate === 'string')
  const element = await client.getElementInstance(keys.elementInstanceKey)
  assert.equal(String(element.elementInstanceKey), keys.elementInstanceKey)
  assert.equal(element.hasIncident, true)
  const definition = await client.getProcessDefinition(keys.processDefinitionKey)
  assert.equal(definition.processDefinitionId, 'order')
  assert.match(await client.getProcessDefinitionXML(keys.processDefinitionKey), /definitions/)
  const task = await client.getUserTask(keys.userTaskKey)
  assert.equal(task.assignee, 'ann')
  const variable = await client.getVariable({ variableKey: keys.variableKey })
  assert.equal(String(variable.variableKey), keys.variableKey)
  console.log('sdk: all read')
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
