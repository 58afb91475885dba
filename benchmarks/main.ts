/** `npm run bench [-- micro|macro|log ...]`: one function each, the whole system, or the log beside others; all without a word. */
import process from 'node:process'
import { runLog } from './log/run.ts'
import { runMacro } from './macro/run.ts'
import { runMicro } from './micro/run.ts'

const [suite, ...args] = process.argv.slice(2)
switch (suite) {
  case 'micro':
    process.exitCode = await runMicro(args)
    break
  case 'macro':
    process.exitCode = await runMacro(args)
    break
  case 'log':
    process.exitCode = await runLog(args)
    break
  default: {
    const all = process.argv.slice(2)
    process.exitCode = (await runMicro(all)) || (await runMacro(all))
  }
}
