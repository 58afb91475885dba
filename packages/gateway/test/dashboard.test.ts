import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TestGateway } from '../src/testing/test-gateway.ts'

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../../docs/grafana-dashboard.json', import.meta.url), 'utf8'),
) as Dashboard

/** Labels that Prometheus adds to whatever it scrapes. */
const SCRAPE_LABELS = ['job', 'instance']
/** What an expression may hold besides metrics and labels. */
const WORDS = ['sum', 'rate', 'count', 'by', 'or', 'vector']

/** Of each name in /metrics the labels that it is told with. */
function labelsByName(metrics: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of metrics.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = found.get(name) ?? new Set(SCRAPE_LABELS)
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label)
    found.set(name, known)
  }
  return found
}

it('the dashboard names only metrics and labels that /metrics has', async () => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  await test.post('/v1/topics/a/records', { value: 'x' })
  await test.client.admin.alterOffsets('g', [{ topic: 'a', partition: 0, offset: 0 }])
  const known = labelsByName(await (await test.fetch('/metrics')).text())
  const unknown = dashboard.panels.flatMap(({ targets, title }) =>
    targets.flatMap(({ expr }) => {
      const names = [...expr.replace(/\{[^}]*\}|\[[^\]]*\]|\([^(]*\) \(/g, ' ( ').matchAll(/[a-z]\w+/g)]
        .map(([name]) => name)
        .filter((name) => !WORDS.includes(name))
      const labels = [...expr.matchAll(/(\w+)=~?"/g), ...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(
        ([, label = '']) => label.split(/, ?/),
      )
      expect(names, `${title}: ${expr}`).toHaveLength(1)
      const [name = ''] = names
      const missing = labels.filter((label) => known.get(name)?.has(label) === false)
      return known.has(name) ? missing.map((label) => `${title}: ${name}{${label}}`) : [`${title}: ${name}`]
    }),
  )
  expect(dashboard.panels.length).toBeGreaterThan(10)
  expect(unknown).toEqual([])
})
