import type { Handler } from './handlers/handler.ts'
import type { Route } from './http/router.ts'

/** What the gateway answers to. Handlers are loaded when they are first asked for. */
export const ROUTES: readonly Route<Handler>[] = [
  {
    method: 'GET',
    path: '/healthz',
    load: async () => (await import('./handlers/health.ts')).handleHealthz,
  },
  {
    method: 'GET',
    path: '/readyz',
    load: async () => (await import('./handlers/health.ts')).handleReadyz,
  },
]
