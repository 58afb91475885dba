/** `bench`. */
import { expect, it } from 'vitest'
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
