import { createCamundaClient } from '@camunda8/orchestration-cluster-api'

const client = createCamundaClient({
  config: { CAMUNDA_REST_ADDRESS: process.env.GREVY_REST ?? 'http://127.0.0.1:8080' },
})
client.createJobWorker({
  jobType: 'work',
  maxParallelJobs: 10,
  jobTimeoutMs: 60_000,
  jobHandler: (job) => job.complete({ doubled: job.variables.amount * 2 }),
})
