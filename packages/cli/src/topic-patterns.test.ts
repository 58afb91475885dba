import type { Client } from '@millrace/client'
import { expect, it } from 'vitest'
import { selectTopics } from './topic-patterns.ts'

const NAMES = ['air.lax', 'air.sfo', 'air-sfo', 'fair.sfo', 'sea']
const client = {
  admin: { listTopics: async () => NAMES.map((name) => ({ name })) },
} as unknown as Client

it.each([
  ['air.*', ['air.lax', 'air.sfo']],
  ['air?sfo', ['air.sfo', 'air-sfo']],
  ['*', NAMES],
  ['se?', ['sea']],
  ['*.sfo', ['air.sfo', 'fair.sfo']],
])('%s stands for %j: a dot is a dot, and the whole name is meant', async (pattern, names) => {
  expect(await selectTopics(client, [pattern])).toEqual(names)
})

it('takes names as they are, and each topic once', async () => {
  expect(await selectTopics(client, ['new', 'new'])).toEqual(['new'])
  expect(await selectTopics(client, ['sea', 's*', 'air.*'])).toEqual(['sea', 'air.lax', 'air.sfo'])
  await expect(selectTopics(client, ['sea', 'land*'])).rejects.toThrow('no topic matches land*')
})
