import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { TestGateway } from '../src/testing/test-gateway.ts'

const page = readFileSync(new URL('../../../docs/gateway.md', import.meta.url), 'utf8')
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block.trim().split('\n'),
)
const run = promisify(execFile)

it('the commands of docs/gateway.md do what the page says, in its order', async () => {
  await using test = await TestGateway.start()
  const answers: string[] = []
  for (const command of commands) {
    const here = command.replaceAll('localhost:9080', `127.0.0.1:${test.gateway.port}`)
    // A status of 400 and above fails the command.
    const { stdout } = await run('sh', ['-c', here.replaceAll('curl -s', 'curl -sS --fail-with-body')])
    answers.push(stdout)
  }
  const answerOf = (part: string): string =>
    answers[commands.findIndex((command) => command.includes(part))] ?? ''
  expect(commands.length).toBeGreaterThan(15)
  expect(JSON.parse(answerOf('"delay": 12'))).toMatchObject({ topic: 'flights', offset: 0 })
  expect(JSON.parse(answerOf('printf'))).toEqual({ topic: 'flights', records: 2 })
  expect(answerOf('limit=2').trimEnd().split('\n')).toHaveLength(2)
  expect(answerOf('fromTime').trimEnd().split('\n')).toHaveLength(3)
  expect(answerOf('/events')).toMatch(/^id: [0-9:,]+\n\nid: /)
  expect(JSON.parse(answerOf('/lag'))).toMatchObject({ totalLag: 0, partitions: [{}, {}, {}] })
  expect(answerOf('/readyz')).toContain('"ready"')
})
