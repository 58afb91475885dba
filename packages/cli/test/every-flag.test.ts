/**
 * A flag without a test is a flag that nobody knows to work. This reads the tests: for each flag that a command
 * declares, some test must call that very command with it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commandTree, withChildren } from '../src/completion/command-tree.ts'

const FOLDERS = ['./', '../../broker/compat/admin/']
/** What runs a command in the tests; the text behind it begins with the command's name. */
const CALL = /\b(?:data|run|failure|runMillrace|RunningCommand|millrace)\s*\(/
/** Many commands have these from one place: one test for all of them; of the last two it is output.test.ts. */
const SHARED = ['bootstrap', 'config', 'profile', 'output', 'quiet']

/** The calls in the tests as plain words, as if typed. */
function calls(): string[] {
  return FOLDERS.flatMap((folder) => {
    const path = fileURLToPath(new URL(folder, import.meta.url))
    return readdirSync(path)
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) =>
        readFileSync(path + name, 'utf8')
          .replaceAll('refusal(', "run('serve ', ")
          .split(/\n\n|\n {2}it\(/),
      )
      .flatMap((piece) => piece.split(CALL))
      .map((call) => call.replaceAll(/[\s'"`,[\]]+|\.\.\./g, ' ').trim())
  })
}

function uses(call: string, name: string, alias: unknown): boolean {
  const short = typeof alias === 'string' ? `|-${alias}` : ''
  return new RegExp(`(?:^| )(?:--(?:no-)?${name}${short})(?: |=|$)`).test(call)
}

it('every flag of every command is used by a test', async () => {
  const typed = calls()
  const nodes = (await commandTree()).flatMap(withChildren).filter(({ children }) => children.length === 0)
  const untested = nodes.flatMap(({ path, declaration }) => {
    const own = typed.filter((call) => call === path || call.startsWith(`${path} `))
    return [...declaration.options]
      .filter(([name, { alias }]) => {
        const among = SHARED.includes(name) && path !== 'serve' ? typed : own
        return !among.some((call) => uses(call, name, alias))
      })
      .map(([name]) => `${path} --${name}`)
  })
  expect(untested).toEqual([])
})
