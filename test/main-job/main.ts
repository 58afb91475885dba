/** `npm run main-job [-- --flights N --seed S]`: the main job with all flights. */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { flights: { type: 'string', default: '3000000' }, seed: { type: 'string' } },
})
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/main-job', '--reporter=verbose'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      MAIN_JOB_FLIGHTS: values.flights,
      ...(values.seed === undefined ? {} : { MAIN_JOB_SEED: values.seed }),
    },
  },
)
process.exitCode = status ?? 1
