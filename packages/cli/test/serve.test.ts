import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './free-port.ts'
import { RunningCommand, runMillrace, ServeProcess } from './millrace-process.ts'

/** Has no sync of the process end before there is this file: so long the broker loads. */
function heldDisk(until: string): string {
  return `data:text/javascript,${encodeURIComponent(`
    import fs from 'node:fs'
    for (const name of ['fsync', 'fdatasync']) {
      const sync = fs[name]
      fs[name] = function held(descriptor, done) {
        if (fs.existsSync(${JSON.stringify(until)})) sync(descriptor, done)
        else setTimeout(held, 20, descriptor, done)
      }
    }
  `)}`
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-serve-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMillrace(['serve', ...args])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^millrace: [^\n]+\n$/)
  return stderr
}

describe('serve', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    /** How long it took to end. */
    const endedMs = async (): Promise<number> => {
      await using broker = await ServeProcess.start()
      await runMillrace(['topic', 'create', 'a'], broker)
      const tail = new RunningCommand(['tail', 'a', '--from', 'beginning', '--bootstrap', broker.bootstrap])
      await runMillrace(['produce', 'a'], { ...broker, bootstrap: broker.bootstrap, input: 'x\n' })
      await tail.untilOutput('x\n')
      const startMs = performance.now()
      const { code, stderr } = await broker.signal(signal)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const tookMs = performance.now() - startMs
      tail.child.kill('SIGTERM')
      await tail.result()
      return tookMs
    }

    it(`ends cleanly on ${signal}, within two seconds, with a reader waiting`, async () => {
      // A machine may stand still once or twice; who waits for readers takes longer each time.
      const times: number[] = []
      do times.push(await endedMs())
      while ((times.at(-1) ?? 0) >= 2_000 && times.length < 5)
      expect(Math.min(...times)).toBeLessThan(2_000)
    })
  }

  it('keeps its records and tells clients the address of --listen', async () => {
    await using broker = await ServeProcess.start()
    const { bootstrap } = broker
    await runMillrace(['produce', 'kept'], { bootstrap, input: 'one\n' })
    await broker.signal('SIGTERM')
    await broker.restart()
    expect(broker.bootstrap).toBe(bootstrap)
    const tail = await runMillrace(['tail', 'kept', '--from', 'beginning', '--no-follow'], { bootstrap })
    expect(tail).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
  })

  it('takes settings from a file, --set over them, flags over both', async () => {
    const file = join(folder, 'broker.properties')
    writeFileSync(
      file,
      `num.partitions=3\nlog.dirs=${join(folder, 'ignored')}\nauto.create.topics.enable=false\n`,
    )
    const args = [
      '--config',
      file,
      '--set',
      'num.partitions=5',
      '--data',
      join(folder, 'used'),
      '--listen',
      'localhost:0',
      '--no-http',
    ]
    const serve = new RunningCommand(['serve', ...args])
    await serve.untilOutput('\n')
    const bootstrap = /localhost:\d+/.exec(serve.stdout)?.[0] ?? ''
    expect(await runMillrace(['topic', 'create', 'a'], { bootstrap })).toMatchObject({
      stdout: 'created a with 5 partitions\n',
    })
    serve.child.kill('SIGTERM')
    expect((await serve.result()).code).toBe(0)
  })

  it('refuses what it does not know, naming what was meant', async () => {
    expect(await refusal('--data', join(folder, 'x'), '--set', 'num.partitons=3')).toContain('num.partitions')
    expect(await refusal('--data', join(folder, 'x'), '--set', 'num.partitions=many')).toContain('many')
    expect(await refusal('--listen', 'localhost')).toContain('--listen localhost: expected HOST:PORT')
    expect(await refusal('--log-level', 'loud')).toContain('log-level')
  })

  it('says in one line that the port is in use, or the data directory', async () => {
    await using broker = await ServeProcess.start()
    expect(await refusal('--data', join(folder, 'y'), '--listen', broker.bootstrap)).toContain('in use')
    expect(await refusal('--data', broker.dataDir, '--listen', 'localhost:0')).toContain(broker.dataDir)
  })

  it('opens HTTP where it is told, and says when that cannot be', async () => {
    const serve = new RunningCommand([
      'serve',
      ...['--data', join(folder, 'http'), '--listen', 'localhost:0', '--http', 'localhost:0'],
    ])
    await serve.untilOutput('\n')
    await expect
      .poll(() => serve.stderr, { timeout: 60_000 })
      .toMatch(/^millrace: HTTP on http:\/\/localhost:\d+\n$/)
    const [url = ''] = /http:\S+/.exec(serve.stderr) ?? []
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    serve.child.kill('SIGTERM')
    expect(await serve.result()).toMatchObject({ code: 0, stderr: expect.stringMatching(/^[^\n]+\n$/) })

    const other = createServer().listen(0, 'localhost')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const args = ['--data', join(folder, 'http'), '--listen', 'localhost:0', '--http', `localhost:${port}`]
    expect(await refusal(...args)).toContain(`localhost:${port} is in use`)
    other.close()
    expect(
      await refusal('--data', join(folder, 'z'), '--listen', 'localhost:0', '--http', '0.0.0.0:0'),
    ).toContain('--insecure')
    // An address of documentation, which no machine has.
    const far = ['--http', '192.0.2.1:9080', '--insecure']
    expect(await refusal('--data', join(folder, 'z'), '--listen', 'localhost:0', ...far)).toBe(
      'millrace: 192.0.2.1:9080 is no address of this machine: choose another one with --http\n',
    )
  })

  it('has HTTP that was asked for before the broker has loaded', async () => {
    const port = await freePort()
    const loaded = join(folder, 'loaded')
    const serve = new RunningCommand(
      ['serve', '--data', join(folder, 'early'), '--listen', 'localhost:0', '--http', `localhost:${port}`],
      { NODE_OPTIONS: `--import=${heldDisk(loaded)}` },
    )
    const readiness = async (): Promise<string> => {
      const answer = await fetch(`http://localhost:${port}/readyz`).catch(() => null)
      return answer === null ? 'nobody there' : `${answer.status} ${await answer.text()}`
    }
    await expect.poll(readiness, { timeout: 60_000, interval: 20 }).toMatch(/^503 .*loading/)
    expect(serve.stdout).toBe('')
    writeFileSync(loaded, '')
    await serve.untilOutput('\n')
    expect(await readiness()).toMatch(/^200 /)
    serve.child.kill('SIGTERM')
    expect(await serve.result()).toMatchObject({ code: 0, stderr: '' })
  })

  it('goes without HTTP, and says so in one line, when somebody has its usual port', async () => {
    // By us or by anybody: it is in use.
    const other = createServer()
    await new Promise((resolve) => other.once('listening', resolve).once('error', resolve).listen(9080))
    const serve = new RunningCommand(['serve', '--data', join(folder, 'taken'), '--listen', 'localhost:0'])
    await serve.untilOutput('\n')
    await expect
      .poll(() => serve.stderr, { timeout: 60_000 })
      .toBe(
        'millrace: no HTTP: localhost:9080 is in use: choose another address with --http, or --no-http for none\n',
      )
    const bootstrap = /localhost:\d+/.exec(serve.stdout)?.[0] ?? ''
    expect((await runMillrace(['topic', 'list'], { bootstrap })).code).toBe(0)
    serve.child.kill('SIGTERM')
    expect((await serve.result()).code).toBe(0)
    other.close()
  })

  it('warns when anybody who reaches it can do everything', async () => {
    const serve = new RunningCommand([
      'serve',
      ...[
        '--data',
        join(folder, 'open'),
        '--listen',
        '0.0.0.0:0',
        '--no-http',
        '--set',
        'advertised.listeners=PLAINTEXT://log.example:9092',
      ],
    ])
    await serve.untilOutput('\n')
    serve.child.kill('SIGTERM')
    expect((await serve.result()).stderr).toMatch(
      /^millrace: whoever can reach log\.example:9092 can read and write/,
    )
  })
})
