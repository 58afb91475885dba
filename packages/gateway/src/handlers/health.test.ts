import { type FileHandle, type FileSystem, memoryFileSystem, StorageError } from '@millrace/log-core'
import { expect, it, vi } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

/** A disk that can be full, or refuse every write, from one moment to the next. */
class FailingDisk {
  code: 'ENOSPC' | 'EROFS' | null = null
  readonly fileSystem: FileSystem

  constructor() {
    const inner = memoryFileSystem()
    this.fileSystem = replaced<FileSystem>(inner, {
      open: (...args) => this.#open(inner, ...args),
      freeBytes: () => (this.code === 'ENOSPC' ? 0 : 2 ** 40),
    })
  }

  #open(inner: FileSystem, ...args: Parameters<FileSystem['open']>): FileHandle {
    const handle = inner.open(...args)
    return replaced<FileHandle>(handle, {
      appendSync: (buffers) => {
        if (this.code !== null) throw new StorageError(this.code, handle.path, `planned ${this.code}`)
        handle.appendSync(buffers)
      },
    })
  }
}

/** The same object, but for some of its methods. */
function replaced<T extends object>(inner: T, changed: Partial<T>): T {
  return new Proxy(inner, {
    get: (target, name) => {
      if (name in changed) return Reflect.get(changed, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

it('GET /readyz says while the disk is full that a partition can only be read, and gets ready again', async () => {
  const disk = new FailingDisk()
  await using test = await TestGateway.start({}, { fileSystem: disk.fileSystem })
  await test.client.admin.createTopics([{ name: 'a' }])
  await test.post('/v1/topics/a/records', { value: 'kept' })
  disk.code = 'ENOSPC'
  // acks=0: the client does not wait for a disk that will have space only later.
  await test.post('/v1/topics/a/records?acks=0', { value: 'refused' })
  const full = { status: 'not ready', reasons: ['a/0 can only be read: the disk is full'] }
  await vi.waitFor(async () => expect(await test.json('/readyz')).toEqual({ status: 503, body: full }), {
    timeout: 30_000,
  })
  const metrics = await (await test.fetch('/metrics')).text()
  expect(metrics).toContain('millrace_partition_writable{topic="a",partition="0"} 0\n')
  expect(metrics).toContain('millrace_partition_online{topic="a",partition="0"} 1\n')
  expect(await (await test.fetch('/v1/topics/a/records?from=beginning')).text()).toContain('"kept"')
  disk.code = null
  const ready = { status: 200, body: { status: 'ready', reasons: [] } }
  await vi.waitFor(async () => expect(await test.json('/readyz')).toEqual(ready), { timeout: 30_000 })
  expect(await test.post('/v1/topics/a/records', { value: 'more' })).toMatchObject({ status: 200 })
})

it('GET /readyz names a partition whose disk refuses writes for good, and why', async () => {
  const disk = new FailingDisk()
  await using test = await TestGateway.start({}, { fileSystem: disk.fileSystem })
  await test.client.admin.createTopics([{ name: 'a' }])
  disk.code = 'EROFS'
  await test.post('/v1/topics/a/records?acks=0', { value: 'refused' })
  await vi.waitFor(async () => expect((await test.json('/readyz')).status).toBe(503), { timeout: 30_000 })
  const { body } = await test.json('/readyz')
  expect(body).toMatchObject({
    reasons: [expect.stringMatching(/^a\/0 can be neither read nor written: .*EROFS/)],
  })
  disk.code = null
})
