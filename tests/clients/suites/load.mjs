// Creates instances and works on them while the server is killed; then counts. `sdk` is
// @camunda8/sdk over gRPC, which tries a create again by itself; `oca` is
// @camunda8/orchestration-cluster-api over REST. The same lines as load.py.
import { createCamundaClient } from '@camunda8/orchestration-cluster-api'
import { Camunda8 } from '@camunda8/sdk'

const { GRPC, REST } = process.env
const created = []
// Instances by the number that their create carried: more than one is a create done twice.
const worked = new Map()
let jobs = 0
let failed = 0

const work = (instance, number) => {
  jobs += 1
  if (!worked.has(number)) worked.set(number, new Set())
  worked.get(number).add(`${instance}`)
}

const clients = {
  sdk: () => {
    const camunda = new Camunda8({
      ZEEBE_GRPC_ADDRESS: `grpc://${GRPC}`, CAMUNDA_OAUTH_DISABLED: true,
      ZEEBE_GRPC_CLIENT_LOG_LEVEL: 'NONE', CAMUNDA_LOG_LEVEL: 'none',
    })
    const client = camunda.getZeebeGrpcApiClient()
    client.createWorker({
      taskType: 'work', timeout: 5_000,
      taskHandler: (job) => {
        work(job.processInstanceKey, job.variables.n)
        return job.complete({})
      },
    })
    return async (n) => (await client.createProcessInstance({
      bpmnProcessId: 'simple', variables: { n },
    })).processInstanceKey
  },
  oca: () => {
    const client = createCamundaClient({
      config: { CAMUNDA_REST_ADDRESS: REST, CAMUNDA_SDK_LOG_LEVEL: 'silent' },
    })
    client.createJobWorker({
      jobType: 'work', maxParallelJobs: 32, jobTimeoutMs: 5_000, pollIntervalMs: 50,
      jobHandler: (job) => {
        work(job.processInstanceKey, job.variables.n)
        return job.complete({})
      },
    })
    return async (n) => (await client.createProcessInstance({
      processDefinitionId: 'simple', variables: { n },
    })).processInstanceKey
  },
}

// What a worker says of a job whose server is gone is its own affair.
process.on('unhandledRejection', () => {})
const create = clients[process.argv[2]]()
let number = 0
let going = true
const creating = [1, 2, 3, 4].map(async () => {
  while (going) {
    const n = ++number
    try {
      created.push([n, `${await create(n)}`])
      if (created.length % 200 === 0) console.log(`created ${created.length}`)
    } catch {
      failed += 1
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
})
await new Promise((resolve) => process.stdin.on('end', resolve).resume())
going = false
await Promise.all(creating)
const lost = () => created.filter(([n, key]) => !worked.get(n)?.has(key)).length
for (let left = 600; left > 0 && lost() > 0; left--) {
  await new Promise((resolve) => setTimeout(resolve, 100))
}
const instances = [...worked.values()].reduce((sum, keys) => sum + keys.size, 0)
console.log(JSON.stringify({
  created: created.length, lost: lost(), 'never acknowledged': instances - created.length,
  'worked on twice': jobs - instances, 'failed calls': failed,
}))
process.exit(0)
