/** `bench`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RunningCommand, runMillrace } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const { data, run } = servedBroker()

for (const what of ['produce', 'consume', 'latency', 'mixed']) {
  it(`${what} measures, and leaves nothing behind`, async () => {
    const { code, stdout } = await run(
      `bench ${what} --duration 300ms --records 2000 --rate 2000/s --partitions 2 -o json`,
    )
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    const work = result.produced ?? result.consumed
    expect(work.records).toBeGreaterThan(100)
    expect(work.failed).toBe(0)
    if (what === 'latency') {
      expect(result.endToEndMs.p50).toBeGreaterThan(0)
      expect(result.consumed.records).toBe(result.produced.records)
    }
    expect(await data('topic list')).not.toContain('millrace-bench')
  })
}

it('shows a table with a plot', async () => {
  const shown = await data('bench latency --duration 200ms')
  expect(shown).toMatch(/^produced: [\d,]+ records\/s/)
  expect(shown).toMatch(/p99 +[\d.]+ ms #+/)
})

it('measures several rates one after the other', async () => {
  const words = 'bench produce --rate 500/s,1000/s --duration 200ms'
  const results: { options: { perSecond: number }; produced: { records: number } }[] = JSON.parse(
    await data(`${words} -o json`),
  )
  expect(results.map(({ options, produced }) => [options.perSecond, produced.records])).toEqual([
    [500, 100],
    [1_000, 200],
  ])
  expect(await data(words)).toMatch(
    /^at 500 records\/s\nproduced: [\s\S]*\n\nat 1,000 records\/s\nproduced: /,
  )
  expect(await data('topic list')).not.toContain('millrace-bench')
})

it('consume ends with what is wrong when nothing can be written first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const small = ['--listen', 'localhost:0', '--no-http', '--set', 'message.max.bytes=100']
  const serve = new RunningCommand(['serve', '--data', join(folder, 'data'), ...small])
  await serve.untilOutput('\n')
  const bootstrap = /localhost:\d+/.exec(serve.stdout)?.[0] ?? ''
  const bench = ['bench', 'consume', '--size', '1000', '--compression', 'none', '--quiet']
  expect(await runMillrace(bench, { bootstrap })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^millrace: [^\n]*MESSAGE_TOO_LARGE[^\n]*\n$/),
  })
  serve.child.kill('SIGTERM')
  await serve.result()
  rmSync(folder, { recursive: true, force: true })
})
