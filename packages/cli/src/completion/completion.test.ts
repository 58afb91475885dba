import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { manualPage } from '../../scripts/manual-page.ts'
import { type CommandNode, commandTree, withChildren } from './command-tree.ts'
import { bashScript, fishScript } from './print-completion.ts'

const MANUAL = new URL('../../man/millrace.1', import.meta.url)
let nodes: CommandNode[]
beforeAll(async () => {
  nodes = (await commandTree()).flatMap(withChildren)
})

/** What bash offers behind these words, with a `millrace` that lists two topics. */
function complete(...words: string[]): string[] {
  const program = `
    millrace() { printf 'flights\\norders\\n'; }
    complete() { :; }
    ${bashScript(nodes)}
    COMP_WORDS=(millrace ${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length}
    _millrace
    printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).trimEnd().split('\n')
}

describe('completion', () => {
  it('offers commands, then theirs', () => {
    expect(complete('pro')).toEqual(['produce'])
    expect(complete('topic', '')).toEqual(['create', 'list', 'describe', 'alter', 'delete'])
    expect(complete('group', 're')).toEqual(['reset'])
  })

  it('offers flags, inherited ones too', () => {
    expect(complete('tail', '--fo')).toEqual(['--follow', '--format'])
    expect(complete('topic', 'create', 'x', '--boot')).toEqual(['--bootstrap'])
  })

  it('offers topics where a command takes some', () => {
    expect(complete('tail', 'fl')).toEqual(['flights'])
    expect(complete('topic', 'describe', 'o')).toEqual(['orders'])
    expect(complete('topic', 'create', 'o')).toEqual([''])
  })

  it('has no variable that is something else in zsh, which runs it too', () => {
    const script = bashScript(nodes)
    const names = [...script.matchAll(/^ *(?:local|for) (.+)$/gm)].flatMap(([, line = '']) =>
      line.split(/[\s=;]+/),
    )
    expect(names).toContain('choices')
    for (const special of ['path', 'words', 'status', 'argv', 'prefix', 'suffix', 'options', 'commands']) {
      expect(names).not.toContain(special)
    }
  })

  it('has every command and flag for fish', () => {
    const fish = fishScript(nodes)
    for (const { declaration } of nodes) expect(fish).toContain(`-a ${declaration.name} `)
    expect(fish).toContain("-l output -s o -x -a 'table json ndjson'")
  })
})

describe('the manual page', () => {
  it('says what the commands say (npm run manual -w packages/cli)', async () => {
    expect(readFileSync(MANUAL, 'utf8')).toBe(manualPage(await commandTree(), '0.0.0'))
  })
})
