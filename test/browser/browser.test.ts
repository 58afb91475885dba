/** The gateway in a real browser: the page of the example, under a steady load. */
import { startBroker } from '@millrace/broker'
import { type Client, createClient } from '@millrace/client'
import { type Gateway, startGateway } from '@millrace/gateway'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CuttableWire } from '../../packages/gateway/src/testing/cuttable-wire.ts'
import { launchChromium, runsBrowser } from './chromium.ts'
import { PageServer } from './page-server.ts'
import { SteadyLoad } from './steady-load.ts'

const PER_SECOND = 10_000
const PARTITIONS = 2
/** How many records the page lets wait. */
const PAGE_CREDIT = 5_000

/** What the page has written on itself. */
async function seenBy(page: Page): Promise<{ count: number; faults: number }> {
  const number = async (id: string): Promise<number> =>
    Number((await page.locator(`#${id}`).innerText()).replaceAll(',', ''))
  return { count: await number('count'), faults: await number('faults') }
}

/** Records that the gateway has sent to WebSockets. */
async function sentBy({ port }: Gateway): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^millrace_gateway_websocket_records_total (.*)$/m.exec(metrics)?.[1])
}

const countRises = async (page: Page, by: number): Promise<void> => {
  const { count } = await seenBy(page)
  await vi.waitFor(async () => expect((await seenBy(page)).count).toBeGreaterThan(count + by), {
    timeout: 60_000,
  })
}

describe.runIf(runsBrowser)(`a page in chromium${runsBrowser ? '' : ', which is not installed'}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  it('sees 10,000 records a second, each once, while it is reloaded, put to sleep and cut off', async () => {
    await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
    await using gateway = await startGateway(broker, { port: 0 })
    await using client: Client = createClient({ bootstrapServers: broker.bootstrapServers })
    const wire = await CuttableWire.open(gateway.port)
    await using server = await PageServer.start(wire.port)
    await client.admin.createTopics([{ name: 'ticks', partitions: PARTITIONS }])
    const page = await browser.newPage()
    await page.goto(server.url)
    const rate = { topic: 'ticks', partitions: PARTITIONS, perSecond: PER_SECOND }
    await using load = SteadyLoad.start(client, rate)
    await countRises(page, PER_SECOND)

    await page.reload()
    await countRises(page, PER_SECOND / 2)

    // A page that is seen is never frozen by chromium, so its thread is stopped as a debugger stops it.
    const devTools = await page.context().newCDPSession(page)
    await devTools.send('Debugger.enable')
    const paused = new Promise((resolve) => devTools.once('Debugger.paused', resolve))
    await devTools.send('Debugger.pause')
    await paused
    const [before, due] = [await sentBy(gateway), load.sentCount + 2 * PAGE_CREDIT]
    await vi.waitFor(() => expect(load.sentCount).toBeGreaterThan(due), { timeout: 60_000 })
    expect(await sentBy(gateway)).toBeLessThanOrEqual(before + PAGE_CREDIT)
    await devTools.send('Debugger.resume')
    await devTools.send('Debugger.disable')
    await countRises(page, PER_SECOND / 2)

    wire.cut()
    await countRises(page, PER_SECOND / 2)
    wire.cut()
    await page.reload()
    await countRises(page, PER_SECOND / 2)

    const sent = await load.stop()
    await vi.waitFor(async () => expect(await seenBy(page)).toEqual({ count: sent, faults: 0 }), {
      timeout: 60_000,
    })
    wire.close()
  }, 400_000)

  it('is refused when it comes from another origin, by fetch and by WebSocket', async () => {
    await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
    await using gateway = await startGateway(broker, { port: 0 })
    await using server = await PageServer.start(gateway.port)
    const page = await browser.newPage()
    await page.goto(server.url)
    const tryBoth = (port: number): Promise<readonly string[]> =>
      page.evaluate(async (gatewayPort) => {
        const fetched = fetch(`http://localhost:${gatewayPort}/v1/topics`).then(
          ({ status }) => `fetched ${status}`,
          () => 'not fetched',
        )
        const opened = new Promise<string>((resolve) => {
          const socket = new WebSocket(`ws://localhost:${gatewayPort}/v1/socket`)
          socket.onopen = () => resolve('open')
          socket.onerror = () => resolve('not open')
        })
        return Promise.all([fetched, opened])
      }, port)
    expect(await tryBoth(gateway.port)).toEqual(['not fetched', 'not open'])
    await using friendly = await startGateway(broker, { port: 0, allowedOrigins: [server.url] })
    expect(await tryBoth(friendly.port)).toEqual(['fetched 200', 'open'])
  })
})
