/** The table of the README that says what Millrace lacks: true, and whole. */
import { readdirSync, readFileSync } from 'node:fs'
import { startBroker } from '@millrace/broker'
import * as protocol from '@millrace/protocol'
import { expect, it } from 'vitest'
import { resolveClientOptions } from '../src/client-options.ts'
import { Connection } from '../src/connection/connection.ts'

const SOURCES = new URL('../src/', import.meta.url)
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The APIs that this client sends, by the names that its sources import. */
function apisInUse(): protocol.Api[] {
  const files = readdirSync(SOURCES, { recursive: true }).map(String)
  const imported = new Set<string>()
  for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const text = readFileSync(new URL(file, SOURCES), 'utf8')
    for (const [, names = ''] of text.matchAll(/import \{([^}]*)\} from '@millrace\/protocol'/g)) {
      for (const name of names.split(',')) imported.add(name.trim())
    }
  }
  return protocol.allApis.filter((api) => imported.has(api.name[0]?.toLowerCase() + api.name.slice(1)))
}

it('what Millrace lacks of what the client can do is in the table, and nothing else', async () => {
  await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
  const settings = resolveClientOptions({ bootstrapServers: broker.bootstrapServers })
  const [address] = settings.bootstrapServers
  if (address === undefined) throw new Error('no address')
  const { versions, close } = await open(settings, address)
  const inUse = apisInUse()
  expect(inUse.length).toBeGreaterThan(35)
  const lacking = inUse.filter((api) => versions.highestCommon(api) === null).map(({ name }) => name)
  close()
  const table = /## What Millrace lacks\n([\s\S]*?)\n## /.exec(README)?.[1] ?? ''
  const listed = [...table.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].flatMap(
    ([, cell = '']) => cell.match(/[A-Z]\w+/g) ?? [],
  )
  expect(listed.sort()).toEqual(lacking.sort())
})

async function open(
  settings: ReturnType<typeof resolveClientOptions>,
  address: { readonly host: string; readonly port: number },
): Promise<{ versions: Connection['versions']; close: () => void }> {
  const connection = await Connection.open(settings, address)
  return { versions: connection.versions, close: () => connection.close() }
}
