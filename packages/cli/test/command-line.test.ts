/** Help, mistakes, and what is wrong in one line. */
import { expect, it } from 'vitest'
import { runMillrace } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const { data, failure } = servedBroker()

it('says what is wrong in one line', async () => {
  await data('topic create there')
  expect(await failure('tail nowhere --no-follow')).toContain('there is no topic "nowhere"')
  expect(await failure('topic describe nowhere')).toContain('there is no topic "nowhere"')
  expect(await data('topic list')).not.toContain('nowhere')
  expect(await failure('tail there --from sometimes')).toContain('--from sometimes: expected beginning')
  expect(await failure('tail there --partition 9 --no-follow')).toContain('no partition 9')
  expect(await failure('tail there -f %q')).toContain('there is no %q')
  expect(await failure('produce there --file /no/such/file')).toContain('/no/such/file: there is none')
  expect(await failure('produce a/b', 'x\n')).toContain('INVALID_TOPIC_EXCEPTION')
})

it('shows help with examples', async () => {
  expect(await data('--help')).toContain('Examples:')
  expect(await data('tail --help')).toContain('millrace tail flights')
  expect(await data('topic create --help')).toContain('millrace topic create flights')
})

it('tells its version', async () => {
  expect(await data('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it('names what was meant', async () => {
  expect(await failure('sreve')).toContain('serve')
  expect(await failure('serve --dtaa x')).toContain('dtaa: did you mean --data?')
  expect(await failure('topic create x --partitons 3')).toContain('did you mean --partitions?')
  expect(await failure('topic craete x')).toContain('no command "topic craete": did you mean create?')
  expect(await failure('tail')).toBe('millrace: tail needs <topics..> (see millrace tail --help)\n')
  expect(await failure('config describe topic')).toContain('config describe needs <name>')
  expect(await failure('tail x --from')).toBe('millrace: --from needs a value (see millrace tail --help)\n')
  expect(await failure('topic')).toContain('topic create, list, describe, alter or delete')
})

it('says that no broker answers, and how to start one', async () => {
  const { code, stderr } = await runMillrace(['topic', 'list', '--bootstrap', 'localhost:1'])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^millrace: no broker answers at localhost:1: connection refused: .*millrace serve.*\n$/,
  )
})
