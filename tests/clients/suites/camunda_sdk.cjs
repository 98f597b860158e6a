// @camunda8/sdk: `grpc` polls, `stream` streams, `rest` uses its REST client.
const { Camunda8 } = require('@camunda8/sdk')
const fs = require('node:fs')
const path = require('node:path')

const main = async (mode) => {
  const { story, GRPC, REST } = await import('./story.mjs')
  const camunda = new Camunda8({
    ZEEBE_GRPC_ADDRESS: `grpc://${GRPC}`,
    ZEEBE_REST_ADDRESS: REST,
    ...(process.env.CLIENT_ID
      ? {
        CAMUNDA_AUTH_STRATEGY: 'OAUTH',
        CAMUNDA_OAUTH_URL: `${REST}/oauth/token`,
        ZEEBE_CLIENT_ID: process.env.CLIENT_ID,
        ZEEBE_CLIENT_SECRET: process.env.CLIENT_SECRET,
        ZEEBE_TOKEN_AUDIENCE: 'grevy',
        CAMUNDA_TOKEN_DISK_CACHE_DISABLE: true,
      }
      : { CAMUNDA_OAUTH_DISABLED: true }),
    zeebeGrpcSettings: { ZEEBE_CLIENT_LOG_LEVEL: 'ERROR' },
    CAMUNDA_LOG_LEVEL: 'error',
  })
  const codes = { 5: 'NOT_FOUND', 9: 'INVALID_STATE', 3: 'INVALID_ARGUMENT' }
  const told = (job, done) => {
    if (done.complete) return job.complete(done.complete)
    if (done.error) return job.error({ errorCode: done.error, errorMessage: 'thrown', variables: {} })
    return job.fail({ errorMessage: done.fail, retries: done.retries, retryBackOff: done.backOff })
  }
  const seen = (job) => ({
    key: job.key ?? job.jobKey, instance: job.processInstanceKey, retries: job.retries,
    variables: job.variables, headers: job.customHeaders,
  })
  const grpc = () => {
    const client = camunda.getZeebeGrpcApiClient()
    const streams = []
    return {
      deploy: (files) =>
        Promise.all(files.map((file) => client.deployResource({ processFilename: file }))),
      create: async (bpmnProcessId, variables) =>
        (await client.createProcessInstance({ bpmnProcessId, variables })).processInstanceKey,
      result: async (bpmnProcessId, variables) =>
        (await client.createProcessInstanceWithResult({ bpmnProcessId, variables })).variables,
      work: async (type, handler) => {
        const taskHandler = (job) => told(job, handler(seen(job)))
        if (mode === 'grpc') {
          client.createWorker({ taskType: type, taskHandler })
          return
        }
        streams.push(await client.streamJobs({
          type, worker: 'streamer', taskHandler, tenantIds: ['<default>'], timeout: 60_000,
        }))
      },
      publish: (name, correlationKey, timeToLive, variables) =>
        client.publishMessage({ name, correlationKey, timeToLive, variables }),
      cancel: (key) => client.cancelProcessInstance(key),
      set: (elementInstanceKey, variables) =>
        client.setVariables({ elementInstanceKey, variables, local: false }),
      retries: (jobKey, retries) => client.updateJobRetries({ jobKey, retries }),
      resolve: (incidentKey) => client.resolveIncident({ incidentKey }),
      refused: (error) => codes[error.code],
      close: () => client.close(),
    }
  }
  const rest = () => {
    const client = camunda.getCamundaRestClient()
    const workers = []
    return {
      deploy: (files) => client.deployResources(files.map((file) => ({
        name: path.basename(file), content: fs.readFileSync(file, 'utf8'),
      }))),
      create: async (processDefinitionId, variables) =>
        (await client.createProcessInstance({ processDefinitionId, variables })).processInstanceKey,
      result: async (processDefinitionId, variables) =>
        (await client.createProcessInstanceWithResult({ processDefinitionId, variables })).variables,
      work: async (type, handler) => {
        workers.push(client.createJobWorker({
          type, worker: 'rest', timeout: 60_000, maxJobsToActivate: 10, pollIntervalMs: 100,
          jobHandler: (job) => told(job, handler(seen(job))),
        }))
      },
      publish: (name, correlationKey, timeToLive, variables) =>
        client.publishMessage({ name, correlationKey, timeToLive, variables, messageId: '' }),
      cancel: (processInstanceKey) => client.cancelProcessInstance({ processInstanceKey }),
      set: (elementInstanceKey, variables) =>
        client.updateElementInstanceVariables({ elementInstanceKey, variables, local: false }),
      retries: (jobKey, retries) => client.updateJob({ jobKey, retries }),
      resolve: (incidentKey) => client.resolveIncident(incidentKey),
      refused: (error) => (String(error.message).includes('404') || error.statusCode === 404
        ? 'NOT_FOUND' : String(error)),
      close: async () => workers.forEach((worker) => worker.stop()),
    }
  }
  await story(`sdk-${mode}`, mode === 'rest' ? rest() : grpc())
  process.exit(0)
}

main(process.argv[2]).catch((error) => {
  console.error(error)
  process.exit(1)
})
