// @camunda8/orchestration-cluster-api: REST, answers validated strictly against its schemas.
import { createCamundaClient } from '@camunda8/orchestration-cluster-api'
import { REST, story } from './story.mjs'

const client = createCamundaClient({
  config: {
    CAMUNDA_REST_ADDRESS: REST,
    CAMUNDA_SDK_VALIDATION: 'req:strict,res:strict',
    CAMUNDA_SDK_LOG_LEVEL: 'error',
  },
})
const topology = await client.getTopology()
if (topology.brokers[0].partitions[0].health !== 'healthy') throw new Error('not healthy')
await client.getLicense()
await client.getAuthentication()

await story('orchestration-cluster-api', {
  deploy: (files) => client.deployResourcesFromFiles(files),
  create: async (processDefinitionId, variables) =>
    (await client.createProcessInstance({ processDefinitionId, variables })).processInstanceKey,
  result: async (processDefinitionId, variables) =>
    (await client.createProcessInstance({
      processDefinitionId, variables, awaitCompletion: true, requestTimeout: 30_000,
    })).variables,
  work: async (jobType, handler) => {
    client.createJobWorker({
      jobType, maxParallelJobs: 10, jobTimeoutMs: 60_000, pollIntervalMs: 50,
      jobHandler: (job) => {
        const done = handler({
          key: job.jobKey, instance: job.processInstanceKey, retries: job.retries,
          variables: job.variables, headers: job.customHeaders,
        })
        if (done.complete) return job.complete(done.complete)
        if (done.error) return job.error({ errorCode: done.error, errorMessage: 'thrown' })
        return job.fail({
          errorMessage: done.fail, retries: done.retries, retryBackOff: done.backOff,
        })
      },
    })
  },
  publish: (name, correlationKey, timeToLive, variables) =>
    client.publishMessage({ name, correlationKey, timeToLive, variables }),
  cancel: (processInstanceKey) => client.cancelProcessInstance({ processInstanceKey }),
  set: (elementInstanceKey, variables) =>
    client.createElementInstanceVariables({ elementInstanceKey, variables, local: false }),
  retries: (jobKey, retries) => client.updateJob({ jobKey, changeset: { retries } }),
  resolve: (incidentKey) => client.resolveIncident({ incidentKey }),
  refused: (error) => (error.status === 404 || String(error.message).includes('NOT_FOUND')
    ? 'NOT_FOUND' : String(error)),
  close: async () => client.stopAllWorkers?.(),
})
process.exit(0)
