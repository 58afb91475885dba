import type { Handler } from './handlers/handler.ts'
import type { Route } from './http/router.ts'

const health = (): Promise<typeof import('./handlers/health.ts')> => import('./handlers/health.ts')
const topics = (): Promise<typeof import('./handlers/topics.ts')> => import('./handlers/topics.ts')
const groups = (): Promise<typeof import('./handlers/groups.ts')> => import('./handlers/groups.ts')
const produce = (): Promise<typeof import('./handlers/produce.ts')> => import('./handlers/produce.ts')
const read = (): Promise<typeof import('./handlers/read.ts')> => import('./handlers/read.ts')
const events = (): Promise<typeof import('./handlers/events.ts')> => import('./handlers/events.ts')
const metrics = (): Promise<typeof import('./handlers/metrics.ts')> => import('./handlers/metrics.ts')
const openApi = (): Promise<typeof import('./handlers/openapi.ts')> => import('./handlers/openapi.ts')

const TOPICS = '/v1/topics'
const TOPIC = '/v1/topics/{topic}'
const RECORDS = '/v1/topics/{topic}/records'
const GROUP = '/v1/groups/{group}'

/** What the gateway answers to. Handlers are loaded when they are first asked for. */
export const ROUTES: readonly Route<Handler>[] = [
  { method: 'GET', path: '/healthz', load: async () => (await health()).handleHealthz },
  { method: 'GET', path: '/readyz', load: async () => (await health()).handleReadyz },
  { method: 'GET', path: '/metrics', load: async () => (await metrics()).handleMetrics },
  { method: 'GET', path: '/openapi.json', load: async () => (await openApi()).handleOpenApi },
  { method: 'GET', path: TOPICS, load: async () => (await topics()).handleListTopics },
  { method: 'POST', path: TOPICS, load: async () => (await topics()).handleCreateTopic },
  { method: 'GET', path: TOPIC, load: async () => (await topics()).handleDescribeTopic },
  { method: 'DELETE', path: TOPIC, load: async () => (await topics()).handleDeleteTopic },
  { method: 'POST', path: RECORDS, load: async () => (await produce()).handleProduce },
  { method: 'GET', path: RECORDS, load: async () => (await read()).handleRead },
  { method: 'GET', path: `${TOPIC}/events`, load: async () => (await events()).handleEvents },
  { method: 'GET', path: '/v1/groups', load: async () => (await groups()).handleListGroups },
  { method: 'GET', path: GROUP, load: async () => (await groups()).handleDescribeGroup },
  { method: 'DELETE', path: GROUP, load: async () => (await groups()).handleDeleteGroup },
  { method: 'GET', path: `${GROUP}/lag`, load: async () => (await groups()).handleGroupLag },
  { method: 'POST', path: `${GROUP}/reset`, load: async () => (await groups()).handleResetGroup },
]
