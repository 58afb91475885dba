import { expect, it } from 'vitest'
import { COMMANDS } from './command-table.ts'
import { overview } from './overview.ts'

it('the overview names every command, and keeps within the terminal', () => {
  for (const columns of [80, 100, 300]) {
    const shown = overview(columns)
    for (const [name, { describe }] of Object.entries(COMMANDS)) {
      expect(shown).toContain(`\n  millrace ${name} `)
      expect(shown.replaceAll(/\s+/g, ' ')).toContain(describe)
    }
    expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThanOrEqual(
      Math.min(columns, 100),
    )
  }
})

it('a narrow terminal still shows every word', () => {
  expect(overview(30).replaceAll(/\s+/g, ' ')).toContain('Show the records of topics, and those that follow')
})
