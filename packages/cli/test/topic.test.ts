/** `topic` and `config`. */
import { expect, it } from 'vitest'
import { servedBroker } from './served-broker.ts'

const { data, failure } = servedBroker()

it('topics are created, listed, described and deleted', async () => {
  expect(await data('topic create planes --partitions 2 --set retention.ms=-1')).toBe(
    'created planes with 2 partitions\n',
  )
  expect(await data('topic list')).toContain('planes\n')
  const described = JSON.parse(await data('topic describe planes -o json'))
  expect(described).toMatchObject({
    name: 'planes',
    configs: { 'retention.ms': '-1' },
    partitions: [
      { partition: 0, begin: 0, end: 0 },
      { partition: 1, begin: 0, end: 0 },
    ],
  })
  expect(await data('topic describe planes')).toMatch(
    /^planes: 2 partitions, 0 offsets, id \S{22}\nretention\.ms=-1\n/,
  )
  expect(await data('topic delete planes')).toBe('deleted planes\n')
  expect(await data('topic list')).not.toContain('planes')
})

it('topics are told by the broker why they cannot be', async () => {
  await data('topic create twice')
  expect(await failure('topic create twice')).toMatch(/twice.*TOPIC_ALREADY_EXISTS/)
  expect(await failure('topic create bad --set retention.msx=1')).toContain('retention.msx')
  expect(await failure('topic create bad --partitions 0')).toContain(
    '--partitions 0: expected a whole number from 1',
  )
  expect(await failure('topic delete nowhere')).toContain('there is no topic "nowhere"')
})

it('configs are shown and changed', async () => {
  await data('topic create tuned')
  expect(await data('config alter topic tuned --set retention.ms=5000')).toBe('retention.ms=5000\n')
  const nobody = 'millrace: there is no broker 7: the cluster has 1\n'
  expect(await failure('config describe broker 7')).toBe(nobody)
  expect(await failure('config alter broker 7 --set log.retention.ms=5000')).toBe(nobody)
  expect(await failure('config alter topic nowhere --set retention.ms=5000')).toContain(
    'there is no topic "nowhere"',
  )
  expect(JSON.parse(await data('config describe topic tuned -o json'))).toContainEqual({
    name: 'retention.ms',
    value: '5000',
    source: 'topic',
    isReadOnly: false,
  })
  expect(await data('topic alter tuned --unset retention.ms --partitions 3')).toBe('changed tuned\n')
  expect(await data('config describe topic tuned')).not.toContain('retention.ms')
  expect(JSON.parse(await data('topic describe tuned -o json')).partitions).toHaveLength(3)
  expect(await data('config describe broker 1 --all')).toContain('num.partitions')
  expect(await failure('config describe topic nowhere')).toContain('there is no topic "nowhere"')
  expect(await failure('config describe planet x')).toContain('topic, broker, group, user, client-id')
  expect(await failure('topic alter tuned')).toContain('nothing to change')
})
