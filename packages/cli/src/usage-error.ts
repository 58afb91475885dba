import { COMMANDS } from './command-table.ts'
import type { CommandNode } from './completion/command-tree.ts'
import { nearestName } from './nearest-name.ts'

/** What yargs says of a command line that it does not take, as one line that says what to do. */
export async function usageError(message: string, meant: string, args: readonly string[]): Promise<string> {
  const node = await nodeOf(meant, args)
  const see = `(see millrace ${node === null ? '' : `${node.path} `}--help)`
  const meaning = message.split('\n').join(' ')
  const [, flag, given, choices] = /Argument: (\S+), Given: (.*), Choices: (.*)$/.exec(meaning) ?? []
  if (choices !== undefined) {
    return `--${flag} ${given?.replaceAll('"', '')}: expected one of ${choices.replaceAll('"', '')} ${see}`
  }
  const [, bare] = /^Not enough arguments following: (.*)$/.exec(meaning) ?? []
  if (bare !== undefined) return `${bare.length === 1 ? '-' : '--'}${bare} needs a value ${see}`
  const [, placeCount] = /^Not enough non-option arguments: got (\d+)/.exec(meaning) ?? []
  if (placeCount !== undefined && node !== null) {
    return `${node.path} needs ${missingPlaces(node, Number(placeCount))} ${see}`
  }
  const unknown = /^Unknown arguments?: (.*)$/.exec(meaning)?.[1]?.split(', ') ?? []
  if (unknown.length > 0) {
    const hints = nearestFlags(node, unknown)
    return `${meaning}${hints.length === 0 ? '' : `: did you mean ${hints.join(' and ')}?`} ${see}`
  }
  // yargs says only what was meant; what was typed belongs to it.
  if (meaning.startsWith('Did you mean')) {
    const typed = Object.hasOwn(COMMANDS, meant) ? `${meant} ${wordAfter(args, meant)}` : meant
    return `there is no command "${typed}": did${meaning.slice(3)} ${see}`
  }
  return meaning.includes('--help') ? meaning : `${meaning} ${see}`
}

/** The command that the words name, as far as they name one. */
async function nodeOf(meant: string, args: readonly string[]): Promise<CommandNode | null> {
  if (!Object.hasOwn(COMMANDS, meant)) return null
  const { commandTree, withChildren } = await import('./completion/command-tree.ts')
  const nodes = (await commandTree()).flatMap(withChildren)
  const path = `${meant} ${wordAfter(args, meant)}`
  return nodes.find((one) => one.path === path) ?? nodes.find((one) => one.path === meant) ?? null
}

/** `<kind> <name>`: what has to stand behind the command, and does not. */
function missingPlaces({ declaration }: CommandNode, placeCount: number): string {
  const required = declaration.positionals.filter(({ isRequired }) => isRequired)
  return required
    .slice(placeCount)
    .map(({ name, isList }) => `<${name}${isList ? '..' : ''}>`)
    .join(' ')
}

/** The flags that were most likely meant by those that the command does not have. */
function nearestFlags(node: CommandNode | null, unknown: readonly string[]): string[] {
  const flags = [...(node?.declaration.options.keys() ?? [])]
  return unknown.flatMap((name) => {
    const nearest = nearestName(name, flags)
    return nearest === null ? [] : [`--${nearest}`]
  })
}

function wordAfter(args: readonly string[], word: string): string {
  return args.slice(args.indexOf(word) + 1).find((arg) => !arg.startsWith('-')) ?? ''
}
