// What every JavaScript client goes through; each suite says how its client spells it.
import assert from 'node:assert/strict'

export const { GRPC, REST, MODELS } = process.env

export const until = async (what, condition, seconds = 40) => {
  for (let left = seconds * 20; left > 0; left--) {
    const found = await condition()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`waited in vain for ${what}`)
}

// A server with tokens takes them as basic authentication too.
const { CLIENT_ID, CLIENT_SECRET } = process.env
const shown = CLIENT_ID
  ? { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}` }
  : {}

export const incidents = async (instance) => {
  const answer = await fetch(`${REST}/v2/incidents/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...shown },
    body: JSON.stringify({ filter: { processInstanceKey: `${instance}`, state: 'active' } }),
  })
  assert.equal(answer.status, 200)
  return (await answer.json()).items
}

// `client`: deploy(files), create(id, variables) → key, result(id, variables) → variables,
// work(type, handler) where the handler gets {key, instance, retries, variables, headers} and
// returns {complete} | {fail, retries, backOff} | {error}, publish, cancel, set, retries, resolve,
// refused(error) → code word, close().
export const story = async (name, client) => {
  const seen = []
  await client.deploy([`${MODELS}/order.bpmn`, `${MODELS}/simple.bpmn`])

  // Before anybody works on it, so that no worker is in the middle of it.
  await client.cancel(`${await client.create('simple', { amount: 1 })}`)
  await client.work('work', (job) => ({ complete: { doubled: job.variables.amount * 2 } }))
  const result = await client.result('simple', { amount: 21 })
  assert.equal(result.doubled, 42)

  const notified = []
  await client.work('notify', (job) => {
    notified.push(`${job.instance}`)
    return { complete: {} }
  })
  await client.work('charge', (job) => {
    seen.push([`${job.instance}`, job.retries])
    assert.equal(job.headers.provider, 'card')
    const { mode } = job.variables
    if (mode === 'limit') return { error: 'LIMIT' }
    if (mode === 'flaky' && job.retries === 3) return { fail: 'not yet', retries: 2, backOff: 50 }
    if (mode === 'broken' && !job.variables.fixed) return { fail: 'broken', retries: 0, backOff: 0 }
    return { complete: { charged: true } }
  })
  const start = async (mode, orderId) => `${await client.create('order', { mode, orderId })}`
  const attempts = (key) => seen.filter(([instance]) => instance === key)

  const good = await start('good', `${name}-1`)
  await until('the job', () => attempts(good).length === 1)
  await client.publish('shipped', `${name}-1`, 60_000, { parcel: 7 })
  await until('the message', () => notified.includes(good))

  const flaky = await start('flaky', `${name}-2`)
  await until('the second attempt', () => attempts(flaky).some(([, retries]) => retries === 2))

  const limit = await start('limit', `${name}-3`)
  await until('the thrown error', () => attempts(limit).length === 1)
  await until('the rejected order to end', async () => {
    try {
      await client.cancel(limit)
      throw new Error('cancelled an order that should have ended')
    } catch (error) {
      return client.refused(error) === 'NOT_FOUND'
    }
  })

  const broken = await start('broken', `${name}-4`)
  const [incident] = await until('the incident', async () => {
    const rows = await incidents(broken)
    return rows.length === 1 && rows
  })
  assert.equal(incident.errorType, 'JOB_NO_RETRIES')
  assert.equal(incident.errorMessage, 'broken')
  await client.set(broken, { fixed: true })
  await client.retries(incident.jobKey, 1)
  await client.resolve(incident.incidentKey)
  await until('the repaired job', () => attempts(broken).length >= 2)
  await until('no incident', async () => (await incidents(broken)).length === 0)

  await assert.rejects(client.create('nobody', {}), (error) => {
    assert.equal(client.refused(error), 'NOT_FOUND', String(error))
    return true
  })
  await client.close()
  console.log(`${name}: ok`)
}
