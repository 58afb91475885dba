import { CommandError } from '../command-error.ts'
import type { CompletionArguments } from '../commands/completion.ts'
import { writeOut } from '../terminal.ts'
import { type CommandNode, commandTree, withChildren } from './command-tree.ts'

/** Positionals that are topics: they are asked of the broker. */
const TOPICS = ['topic', 'topics', 'names']
const TOPIC_COMMANDS = ['topic describe', 'topic alter', 'topic delete']

/** zsh takes a script for bash when both of its systems run; a new user's zsh has started neither. */
const ZSH_START = `(( $+functions[compdef] )) || { autoload -U compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
`

export async function printCompletion({ shell }: CompletionArguments): Promise<void> {
  const nodes = (await commandTree()).flatMap(withChildren)
  switch (shell) {
    case 'bash':
      return writeOut(bashScript(nodes))
    case 'zsh':
      return writeOut(`${ZSH_START}${bashScript(nodes)}`)
    case 'fish':
      return writeOut(fishScript(nodes))
    default:
      throw new CommandError(`completion ${shell}: name one of bash, zsh, fish`)
  }
}

/**
 * One `case` for each command: its subcommands, its flags, and topics where it takes some. zsh runs it too, so it keeps
 * away from names that zsh has of its own: `path`, which is its PATH, and `words`.
 */
export function bashScript(nodes: readonly CommandNode[]): string {
  const roots = nodes.filter(({ path }) => !path.includes(' '))
  const cases = [
    caseOf('', [...roots.map(({ path }) => path), '--help', '--version'], false),
    ...nodes.map((node) => caseOf(node.path, wordsOf(node), takesTopics(node))),
  ]
  return `# millrace: completion for bash (and zsh)
_millrace() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" command="" word choices="" topics=""
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "$word" in -*) break ;; esac
    case " ${nodes.map(({ path }) => path.replaceAll(' ', '/')).join(' ')} " in
      *" \${command:+$command/}$word "*) command="\${command:+$command/}$word" ;;
    esac
  done
  case "$command" in
${cases.join('\n')}
  esac
  [ -z "$topics" ] || choices="$choices $(millrace topic list 2> /dev/null)"
  COMPREPLY=($(compgen -W "$choices" -- "$cur"))
}
complete -o default -F _millrace millrace
`
}

/** One `complete` for each subcommand and flag. */
export function fishScript(nodes: readonly CommandNode[]): string {
  const lines = nodes.flatMap((node) => {
    const words = node.path.split(' ')
    const own = words.at(-1) ?? ''
    const parent = words.slice(0, -1)
    const inParent =
      parent.length === 0
        ? '__fish_use_subcommand'
        : `${parent.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')}; and not __fish_seen_subcommand_from ${siblings(nodes, node)}`
    const inOwn = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    const command = `complete -c millrace -f -n '${inParent}' -a ${own} -d '${quoted(node.declaration.describe)}'`
    if (node.children.length > 0) return [command]
    const flags = [...node.declaration.options].map(([name, { alias, choices, describe }]) => {
      const short = typeof alias === 'string' ? ` -s ${alias}` : ''
      const values = choices === undefined ? '' : ` -x -a '${choices.join(' ')}'`
      return `complete -c millrace -n '${inOwn}' -l ${name}${short}${values} -d '${quoted(describe ?? '')}'`
    })
    const topics = takesTopics(node)
      ? [`complete -c millrace -f -n '${inOwn}' -a '(millrace topic list 2> /dev/null)'`]
      : []
    return [command, ...flags, ...topics]
  })
  return `# millrace: completion for fish\n${lines.join('\n')}\n`
}

function caseOf(path: string, words: readonly string[], hasTopics: boolean): string {
  return `    '${path.replaceAll(' ', '/')}') choices="${words.join(' ')}"${hasTopics ? ' topics=1' : ''} ;;`
}

function wordsOf({ declaration, children }: CommandNode): string[] {
  if (children.length > 0) return children.map((child) => child.declaration.name)
  return [...[...declaration.options.keys()].map((name) => `--${name}`), '--help']
}

function takesTopics({ path, declaration }: CommandNode): boolean {
  if (path.startsWith('topic ')) return TOPIC_COMMANDS.includes(path)
  return declaration.positionals.some(({ name }) => TOPICS.includes(name))
}

function siblings(nodes: readonly CommandNode[], { path }: CommandNode): string {
  const parent = path.slice(0, path.lastIndexOf(' '))
  return nodes
    .filter(
      (other) => other.path.slice(0, other.path.lastIndexOf(' ')) === parent && other.path.includes(' '),
    )
    .map((other) => other.declaration.name)
    .join(' ')
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'")
}
