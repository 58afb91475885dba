import { expect, it } from 'vitest'
import { findRoute, type Route } from './router.ts'

const route = (method: 'GET' | 'POST', path: string): Route<string> => ({
  method,
  path,
  load: async () => path,
})
const routes = [route('GET', '/a'), route('GET', '/v1/{topic}/x'), route('POST', '/v1/{topic}/x')]

it('finds a route by method and path, with what stands for its names', () => {
  expect(findRoute(routes, 'POST', '/v1/a%2Fb/x')).toEqual({ route: routes[2], params: { topic: 'a/b' } })
  expect(findRoute(routes, 'HEAD', '/a').route).toBe(routes[0])
})

it.each(['/', '/b', '/a/', '/v1//x', '/v1/a/x/y'])('knows nothing at %s', (path) => {
  expect(() => findRoute(routes, 'GET', path)).toThrow(expect.objectContaining({ status: 404 }))
})

it('tells which methods there are, and refuses escapes that are none', () => {
  expect(() => findRoute(routes, 'DELETE', '/v1/t/x')).toThrow(
    expect.objectContaining({ status: 405, headers: { allow: 'GET, POST' } }),
  )
  expect(() => findRoute(routes, 'GET', '/v1/%zz/x')).toThrow(expect.objectContaining({ status: 400 }))
})
