import { packageTestConfig } from '../../vitest.shared.ts'

/** `test` runs the command as a process, so it belongs to the tests of the whole system. */
export default packageTestConfig({ include: ['src/**/*.test.ts'] })
