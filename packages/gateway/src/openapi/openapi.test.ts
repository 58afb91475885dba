import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../routes.ts'
import { TestGateway } from '../testing/test-gateway.ts'
import { openApiDocument } from './openapi-document.ts'
import type { Schema } from './schemas.ts'

const document = openApiDocument()
let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  await test.client.producer().send('a', { key: 'k', value: 'v', headers: [{ key: 'h', value: null }] })
  await test.client.admin.alterOffsets('g', [{ topic: 'a', partition: 0, offset: 0 }])
})
afterAll(() => test[Symbol.asyncDispose]())

/** What of a value a schema of ours does not allow: the parts of JSON Schema that the document uses. */
function misfits(value: unknown, given: unknown, at = '$'): string[] {
  const schema = given as Schema
  if (typeof schema.$ref === 'string') {
    return misfits(value, document.components.schemas[schema.$ref.split('/').at(-1) ?? ''], at)
  }
  if (Array.isArray(schema.oneOf)) {
    return schema.oneOf.some((one) => misfits(value, one, at).length === 0) ? [] : [`${at}: none of oneOf`]
  }
  if ('const' in schema) return value === schema.const ? [] : [`${at}: not ${schema.const}`]
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? [] : [`${at}: none of enum`]
  switch (schema.type) {
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: no object`]
      const properties = (schema.properties ?? {}) as Record<string, unknown>
      const missing = ((schema.required ?? []) as string[]).filter((name) => !(name in value))
      return [
        ...missing.map((name) => `${at}: no ${name}`),
        ...Object.entries(value).flatMap(([name, inner]) => {
          const known = properties[name] ?? schema.additionalProperties
          if (known === false) return [`${at}: ${name} is not in the document`]
          return known === undefined ? [] : misfits(inner, known, `${at}.${name}`)
        }),
      ]
    }
    case 'array':
      if (!Array.isArray(value)) return [`${at}: no list`]
      return value.flatMap((item, index) => misfits(item, schema.items, `${at}[${index}]`))
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at}: no integer`]
    case 'null':
      return value === null ? [] : [`${at}: not null`]
    default:
      return schema.type === undefined || typeof value === schema.type ? [] : [`${at}: no ${schema.type}`]
  }
}

describe('the OpenAPI document', () => {
  it('is served, and has every route, and no other', async () => {
    const served = await test.json('/openapi.json')
    expect(served).toEqual({ status: 200, body: JSON.parse(JSON.stringify(document)) })
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(documented.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('refers only to schemas that it has, and to all of them', () => {
    const text = JSON.stringify(document)
    const named = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name))
    expect([...named].sort()).toEqual(Object.keys(document.components.schemas).sort())
  })

  it('names each parameter that a route knows', async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const parameters = (operations.get?.parameters ?? []) as { name: string; in: string }[]
      const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      if (names.length === 0) continue
      const url = path.replace('{topic}', 'a')
      const { body } = await test.json(`${url}?nosuch=1`)
      const known = /this route has (.*)"/.exec(JSON.stringify(body))?.[1]?.split(', ')
      expect(known?.sort()).toEqual(names.sort())
    }
  })

  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['GET', '/v1/topics?internal', 200],
    ['POST', '/v1/topics', 201, { name: 'b', partitions: 2 }],
    ['POST', '/v1/topics', 409, { name: 'b' }],
    ['POST', '/v1/topics', 400, {}],
    ['GET', '/v1/topics/a', 200],
    ['GET', '/v1/topics/missing', 404],
    ['POST', '/v1/topics/a/records', 200, { key: 'k', value: 1 }],
    ['POST', '/v1/topics/a/records', 200, [{ value: 1 }]],
    ['POST', '/v1/topics/a/records', 404, { partition: 9 }],
    ['GET', '/v1/topics/a/records?limit=1', 200],
    ['GET', '/v1/topics/missing/records', 404],
    ['GET', '/v1/topics/missing/events', 404],
    ['DELETE', '/v1/topics/b', 204],
    ['GET', '/v1/groups', 200],
    ['GET', '/v1/groups/g', 200],
    ['GET', '/v1/groups/g/lag', 200],
    ['GET', '/v1/groups/missing/lag', 404],
    ['POST', '/v1/groups/g/reset', 200, { to: 'end' }],
    ['POST', '/v1/groups/h/reset', 409, { to: 'end' }],
    ['DELETE', '/v1/groups/g', 204],
    ['DELETE', '/v1/groups/missing', 404],
  ] as const)('holds for %s %s: %i', async (method, url, status, body?: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const response = await test.fetch(url, { method, ...init })
    expect(response.status).toBe(status)
    const path = new URL(url, 'http://x').pathname
    const [pattern = ''] = Object.keys(document.paths).filter((candidate) =>
      new RegExp(`^${candidate.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    const operation = document.paths[pattern]?.[method.toLowerCase()]
    const documented = operation?.responses[String(status)] as {
      content?: Record<string, { schema: unknown }>
    }
    expect(documented).toBeDefined()
    if (documented.content === undefined) return
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    expect(Object.keys(documented.content)).toContain(type)
    const answered: unknown = JSON.parse(await response.text())
    expect(misfits(answered, documented.content[type]?.schema)).toEqual([])
  })
})
