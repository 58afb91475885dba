import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from '../start-broker.ts'
import { askLocalBroker, NoLocalBrokerError } from './ask-local-socket.ts'
import { socketPlaceOf } from './socket-path.ts'

describe('the local socket', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'millrace-'))
  })
  afterEach(() => {
    rmSync(root, { recursive: true, force: true })
  })

  it('answers for its data directory, to its user alone', async () => {
    const dataDir = join(root, 'data')
    await using broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
    expect(statSync(socketPlaceOf(dataDir).path).mode & 0o777).toBe(0o600)
    expect(await askLocalBroker(dataDir, 'snapshot')).toMatchObject({ clusterId: broker.clusterId })
    expect(await askLocalBroker(dataDir, 'clients')).toEqual([])
    const metrics = (await askLocalBroker(dataDir, 'metrics')) as { name: string }[]
    expect(metrics.map(({ name }) => name)).toContain('MessagesInPerSec')
    expect(await askLocalBroker(dataDir, 'nothing')).toMatchObject({
      error: expect.stringMatching(/metrics/),
    })
  })

  it('lies elsewhere when the path is too long for a socket, and the directory says where', async () => {
    const dataDir = join(root, 'a'.repeat(60), 'b'.repeat(60))
    mkdirSync(dataDir, { recursive: true })
    const { path, pointerPath } = socketPlaceOf(dataDir)
    {
      await using _broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
      expect(readFileSync(pointerPath ?? '', 'utf8')).toBe(path)
      expect(await askLocalBroker(dataDir, 'clients')).toEqual([])
    }
    expect(existsSync(path)).toBe(false)
    expect(existsSync(pointerPath ?? '')).toBe(false)
  })

  it('tells who asks that nobody is there, also when a killed broker left its socket', async () => {
    const dataDir = join(root, 'data')
    await expect(askLocalBroker(dataDir, 'clients')).rejects.toThrow(NoLocalBrokerError)
    await (await startBroker({ port: 0, host: '127.0.0.1', dataDir })).close()
    writeFileSync(socketPlaceOf(dataDir).path, '')
    await expect(askLocalBroker(dataDir, 'clients')).rejects.toThrow(/millrace serve/)
    await using _broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
    expect(await askLocalBroker(dataDir, 'clients')).toEqual([])
  })

  it('ends what is no question', async () => {
    const dataDir = join(root, 'data')
    await using _broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir })
    const answer = await new Promise<string>((resolve, reject) => {
      let received = ''
      const socket = connect(socketPlaceOf(dataDir).path, () => socket.write('x'.repeat(100_000)))
      socket.on('data', (chunk) => {
        received += chunk
      })
      socket.on('error', reject)
      socket.on('end', () => resolve(received))
    })
    expect(answer).toMatch(/ask for one of/)
  })
})
