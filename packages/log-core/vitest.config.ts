import { configDefaults } from 'vitest/config'
import { packageTestConfig } from '../../vitest.shared.ts'

/** The kills are those of real processes: they belong to the tests of the whole system. */
export default packageTestConfig({ exclude: [...configDefaults.exclude, 'test/kills.test.ts'] })
