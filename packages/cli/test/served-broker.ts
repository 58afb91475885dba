import { afterAll, beforeAll, expect } from 'vitest'
import { type CommandResult, runMillrace, ServeProcess } from './millrace-process.ts'

/** The broker of a test file, and commands that talk to it: words as they are typed, and what goes into them. */
export interface ServedBroker {
  readonly bootstrap: string
  readonly dataDir: string
  run(args: string, input?: string | Buffer): Promise<CommandResult>
  /** A command that has nothing to say but its data. */
  data(args: string, input?: string | Buffer): Promise<string>
  /** A command that fails: code 1, no data, one line. */
  failure(args: string, input?: string | Buffer): Promise<string>
}

/** Starts one before the tests of the file that calls it, and ends it behind them. */
export function servedBroker(): ServedBroker {
  let broker: ServeProcess
  beforeAll(async () => {
    broker = await ServeProcess.start()
  })
  afterAll(() => broker[Symbol.asyncDispose]())
  const run = (args: string, input: string | Buffer = ''): Promise<CommandResult> =>
    runMillrace(args.split(' '), { bootstrap: broker.bootstrap, input })
  return {
    get bootstrap() {
      return broker.bootstrap
    },
    get dataDir() {
      return broker.dataDir
    },
    run,
    data: async (args, input) => {
      const { code, stdout, stderr } = await run(args, input)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    },
    failure: async (args, input) => {
      const { code, stdout, stderr } = await run(args, input)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^millrace: [^\n]+\n$/)
      return stderr
    },
  }
}
