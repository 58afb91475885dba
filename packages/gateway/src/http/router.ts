import { badRequest, HttpError } from './http-error.ts'

/** One route: `{name}` in the path stands for one segment. */
export interface Route<Handler> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Loads the handler with the first request for it. */
  readonly load: () => Promise<Handler>
}

/** A route that was found, with what stood for its names. */
export interface RouteMatch<Handler> {
  readonly route: Route<Handler>
  readonly params: Readonly<Record<string, string>>
}

/**
 * Finds the route of a request; HEAD is answered as GET is. Throws 404 for a path that is not there, 405 for a
 * method that the path does not know. The table has a dozen lines: a walk over it is all that is needed.
 */
export function findRoute<Handler>(
  routes: readonly Route<Handler>[],
  method: string,
  path: string,
): RouteMatch<Handler> {
  const segments = path.split('/')
  const here: RouteMatch<Handler>[] = []
  for (const route of routes) {
    const params = matchPath(route.path, segments)
    if (params !== null) here.push({ route, params })
  }
  if (here.length === 0) throw new HttpError(404, 'NOT_FOUND', `there is nothing at ${path}`)
  const asked = method === 'HEAD' ? 'GET' : method
  const found = here.find(({ route }) => route.method === asked)
  if (found !== undefined) return found
  const allow = here.map(({ route }) => route.method).join(', ')
  throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${path} knows ${allow}`, { headers: { allow } })
}

function matchPath(pattern: string, segments: readonly string[]): Record<string, string> | null {
  const parts = pattern.split('/')
  if (parts.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== segment) return null
    } else if (segment === '') {
      return null
    } else {
      params[part.slice(1, -1)] = decodeSegment(segment)
    }
  }
  return params
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest(`the path has an escape that is none: ${segment}`)
  }
}
