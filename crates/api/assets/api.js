'use strict'
// Lists the operations of /openapi.json and sends what the visitor typed. Text only: nothing of an
// answer is ever taken as HTML.

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

const resolve = (document, schema, depth = 0) => {
  if (!schema || depth > 6) return null
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop()
    return resolve(document, document.components.schemas[name], depth + 1)
  }
  const part = (schema.oneOf || schema.anyOf || []).find((one) => one.type !== 'null')
  if (part) return resolve(document, part, depth + 1)
  if (schema.example !== undefined) return schema.example
  if (schema.properties) {
    const required = schema.required || []
    return Object.fromEntries(Object.entries(schema.properties)
      .filter(([name]) => required.includes(name))
      .map(([name, property]) => [name, resolve(document, property, depth + 1)]))
  }
  const type = [].concat(schema.type)[0]
  return { string: '', integer: 1, number: 1, boolean: false, array: [], object: {} }[type] ?? null
}

const operation = (document, method, path, described) => {
  const parameters = (described.parameters || []).filter((parameter) => parameter.in === 'path')
  const inputs = parameters.map((parameter) => make('input', { name: parameter.name }))
  const content = described.requestBody?.content ?? {}
  const json = content['application/json']
  const upload = content['multipart/form-data']
  const example = json ? JSON.stringify(resolve(document, json.schema), null, 2) : ''
  const body = make('textarea', { rows: 6, value: example })
  const files = make('input', { type: 'file', multiple: true })
  const answer = make('pre', { hidden: true })
  const send = async () => {
    let target = path
    inputs.forEach((input) => {
      target = target.replace(`{${input.name}}`, encodeURIComponent(input.value))
    })
    const headers = {}
    const token = window.document.getElementById('token').value
    if (token) headers.authorization = `Bearer ${token}`
    const request = { method: method.toUpperCase(), headers }
    if (json) {
      headers['content-type'] = 'application/json'
      request.body = body.value
    } else if (upload) {
      request.body = new FormData()
      for (const file of files.files) request.body.append('resources', file, file.name)
    }
    answer.hidden = false
    answer.textContent = '…'
    try {
      const reply = await fetch(target, request)
      const text = await reply.text()
      let shown = text
      try { shown = JSON.stringify(JSON.parse(text), null, 2) } catch { /* not JSON: as it is */ }
      answer.textContent = `${reply.status} ${reply.statusText}\n${shown}`
    } catch (error) {
      answer.textContent = String(error)
    }
  }
  return make('details', {},
    make('summary', {}, make('b', { textContent: method.toUpperCase() }), path),
    make('p', { textContent: described.summary || described.description || '' }),
    ...inputs.map((input) => make('label', {}, `${input.name} `, input)),
    ...(json ? [body] : []),
    ...(upload ? [files] : []),
    make('div', {}, make('button', { textContent: 'Send', onclick: send })),
    answer)
}

fetch('/openapi.json').then((reply) => reply.json()).then((document) => {
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      operation(document, method, path, described)))
  window.document.getElementById('operations').append(...rows)
})
