/** The gateway against schemathesis, which makes requests from the OpenAPI document, right ones and wrong ones. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Logger, startBroker } from '@millrace/broker'
import { createClient } from '@millrace/client'
import { startGateway } from '@millrace/gateway'
import { afterAll, describe, expect, it } from 'vitest'

const CLIENTS =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')
const PROGRAM = join(CLIENTS, 'schemathesis', 'bin', 'schemathesis')
const isHere = existsSync(PROGRAM)
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'
/** Another one each night: `npm run nightly -- http-fuzz`. */
const SEED = process.env.HTTP_FUZZ_SEED ?? '1'
const EXAMPLES = process.env.HTTP_FUZZ_EXAMPLES ?? '10'

/** A 500 is told by the log instead: the document has 503 and 504, which are no faults of the gateway. */
const CHECKS = ['status_code_conformance', 'content_type_conformance', 'response_schema_conformance']

/** It keeps what it found in the folder that it runs in. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-http-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(url: string): Promise<{ stdout: string }> {
  const args = [
    ...['run', `${url}/openapi.json`, '--no-color', '--seed', SEED, '--max-examples', EXAMPLES],
    // Events have no end, and every answer is waited for as a whole; `hooks.py` leaves `follow` out for that reason.
    ...['--exclude-operation-id', 'listen', '--phases', 'examples,coverage,fuzzing'],
    ...['--checks', CHECKS.join(','), '--request-timeout', '60'],
  ]
  const env = { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'hooks.py') }
  return promisify(execFile)(PROGRAM, args, { cwd: folder, env, maxBuffer: 1 << 24 }).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout)
    },
  )
}

describe(`schemathesis${isHere ? '' : ', which is not installed'}`, () => {
  it.runIf(isHere || isRequired)(
    'finds no answer that the document does not have, and no fault of ours',
    async () => {
      const faults: string[] = []
      const quiet = (): void => {}
      const logger: Logger = {
        isLevelEnabled: (level) => level === 'error',
        debug: quiet,
        info: quiet,
        warn: quiet,
        error: (fields) => faults.push(JSON.stringify(fields)),
      }
      await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
      await using gateway = await startGateway(broker, { port: 0, logger, limits: { deliveryMs: 500 } })
      await using client = createClient({ bootstrapServers: broker.bootstrapServers })
      await client.admin.createTopics([{ name: '0' }])
      await client.admin.alterOffsets('0', [{ topic: '0', partition: 0, offset: 0 }])
      const { stdout } = await run(`http://127.0.0.1:${gateway.port}`)
      expect(Number(/^ *(\d+) generated/m.exec(stdout)?.[1])).toBeGreaterThan(100)
      expect(faults).toEqual([])
      const { ok } = await fetch(`http://127.0.0.1:${gateway.port}/readyz`)
      expect(ok).toBe(true)
    },
  )
})
