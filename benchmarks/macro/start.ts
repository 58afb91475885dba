import { connect } from 'node:net'
import process from 'node:process'
import { apiVersions, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/protocol'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { formatSpread, spreadOf } from '../harness/median.ts'
import { residentMegabytes } from '../harness/process-cpu.ts'

/** From starting the process to its first answered ApiVersions, and what it weighs then. */
export async function measureStart(rounds: number): Promise<string[]> {
  // The first start fills the compile cache and is left out.
  await (await MillraceProcess.start()).close()
  const times: number[] = []
  const weights: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const port = await freePort()
    const startMs = performance.now()
    const answered = firstAnswer(port)
    const broker = await MillraceProcess.start({ port })
    await answered
    times.push(performance.now() - startMs)
    weights.push(residentMegabytes(broker.pid))
    await broker.close()
  }
  return [
    `| start to the first answer, from the sources: ms | ${formatSpread(spreadOf(times), 0)} |`,
    `| memory when idle: MB | ${formatSpread(spreadOf(weights), 0)} |`,
  ]
}

/** Asks for ApiVersions until somebody answers. */
export async function firstAnswer(port: number): Promise<void> {
  while (!(await isAnswered(port))) await new Promise((resolve) => setTimeout(resolve, 2))
}

function isAnswered(port: number): Promise<boolean> {
  const body = { clientSoftwareName: 'bench', clientSoftwareVersion: String(process.pid) }
  const request = encodeRequest(apiVersions, 3, { correlationId: 1, clientId: 'bench' }, body)
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost', () => socket.write(Buffer.concat(request)))
    const splitter = new FrameSplitter({ maxFrameBytes: 1024 * 1024 })
    socket.on('data', (chunk) => {
      splitter.push(chunk)
      const frame = splitter.next()
      if (frame === null) return
      decodeResponse(apiVersions, 3, frame)
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
