import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const PROGRAM = `
  const { startBroker } = await import('@millrace/broker')
  const { startGateway } = await import('@millrace/gateway')
  const broker = await startBroker({ port: 0 })
  const gateway = await startGateway(broker, { port: 0 })
  process.stdout.write(process.moduleLoadList.join('\\n'))
  await gateway.close()
  await broker.close()
`

it("starts without Node's fetch, which would be 11 MB of an idle broker", async () => {
  const options = ['--conditions=@millrace/source', '--input-type=module', '--eval', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: import.meta.dirname })
  const loaded = stdout.split('\n')
  expect(loaded).toContain('NativeModule http')
  expect(loaded).not.toContain('NativeModule internal/deps/undici/undici')
})
