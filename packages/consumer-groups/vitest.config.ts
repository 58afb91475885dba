import { packageTestConfig } from '../../vitest.shared.ts'

/** On Node's own modules: the simulation is all computing, and every import through Vite's runner costs it a call. */
export default packageTestConfig({
  experimental: { viteModuleRunner: false },
  execArgv: ['--conditions=@millrace/source'],
})
