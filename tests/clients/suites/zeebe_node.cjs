// zeebe-node, the older client: gRPC, polling.
const { ZBClient } = require('zeebe-node')

const main = async () => {
  const { story, GRPC } = await import('./story.mjs')
  const client = new ZBClient(GRPC, { loglevel: 'ERROR', useTLS: false })
  const codes = { 5: 'NOT_FOUND', 9: 'INVALID_STATE', 3: 'INVALID_ARGUMENT' }
  await story('zeebe-node', {
    deploy: (files) => Promise.all(files.map((file) => client.deployResource({ processFilename: file }))),
    create: async (bpmnProcessId, variables) =>
      (await client.createProcessInstance({ bpmnProcessId, variables })).processInstanceKey,
    result: async (bpmnProcessId, variables) =>
      (await client.createProcessInstanceWithResult({ bpmnProcessId, variables })).variables,
    work: async (taskType, handler) => {
      client.createWorker({
        taskType,
        taskHandler: (job) => {
          const done = handler({
            key: job.key, instance: job.processInstanceKey, retries: job.retries,
            variables: job.variables, headers: job.customHeaders,
          })
          if (done.complete) return job.complete(done.complete)
          if (done.error) return job.error(done.error, 'thrown')
          return job.fail({ errorMessage: done.fail, retries: done.retries, retryBackOff: done.backOff })
        },
      })
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
  })
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
