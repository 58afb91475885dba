import { expect, it } from 'vitest'
import { deadFiles } from './dead-files.ts'
import { repositoryFiles } from './source-tree.ts'

it('every source file is reached from an entry of its package, or by a test when it helps tests', () => {
  expect(deadFiles(repositoryFiles())).toEqual([])
})
