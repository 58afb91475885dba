import type { CommandModule } from 'yargs'
import { Declaration } from './declaration.ts'

/** A command line that was read: whose it is, and what it says. */
export interface QuickCommand {
  readonly command: CommandModule
  readonly args: Readonly<Record<string, unknown>>
}

/**
 * Reads a command line by the declarations that yargs reads too, without yargs, whose loading takes
 * longer than most commands do. Only lines that leave no doubt: null for whatever asks for help, is wrong,
 * or is written in a way that only yargs knows. Then yargs reads it, and says what is to be said.
 */
export function quickParse(command: CommandModule, words: readonly string[]): QuickCommand | null {
  return parse(command, new Declaration(command), words)
}

function parse(command: CommandModule, declared: Declaration, words: readonly string[]): QuickCommand | null {
  const [word, ...rest] = words
  if (declared.commands.size > 0) {
    const sub = word === undefined ? undefined : declared.commands.get(word)
    return sub === undefined ? null : parse(sub, new Declaration(sub, declared.options), rest)
  }
  const args = new LineReader(declared).read(words)
  return args === null ? null : { command, args }
}

/** Reads the words behind a command. */
class LineReader {
  readonly #declared: Declaration
  readonly #args: Record<string, unknown> = {}

  constructor(declared: Declaration) {
    this.#declared = declared
  }

  /** The arguments by their declared names, or null. */
  read(words: readonly string[]): Record<string, unknown> | null {
    const places: string[] = []
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? ''
      if (!isFlag(word)) {
        places.push(word)
        continue
      }
      const taken = this.#readFlag(word, words[at + 1])
      if (taken === null) return null
      at += taken
    }
    return this.#readPlaces(places) && this.#fillIn() ? this.#args : null
  }

  /** Stores a flag; gives how many words behind it belong to it, or null. */
  #readFlag(word: string, next: string | undefined): number | null {
    const match = /^--(no-)?([a-z-]+)(?:=(.*))?$/su.exec(word) ?? /^-()([a-zA-Z])$/.exec(word)
    const [, negation = '', written = '', inline] = match ?? []
    const name = this.#nameOf(written)
    const option = name === null ? undefined : this.#declared.options.get(name)
    if (name === null || option === undefined) return null
    if (option.type === 'boolean' || negation !== '') {
      // `--no-http` of what is no flag: there is none of it.
      if (inline !== undefined || name in this.#args || option.array) return null
      this.#args[name] = negation === ''
      return 0
    }
    const value = inline ?? next
    if (value === undefined || (inline === undefined && isFlag(value))) return null
    if (option.choices !== undefined && !option.choices.includes(value)) return null
    const earlier = this.#args[name]
    if (option.array) this.#args[name] = [...(Array.isArray(earlier) ? earlier : []), value]
    else if (name in this.#args) return null
    else this.#args[name] = value
    return inline === undefined ? 1 : 0
  }

  #nameOf(written: string): string | null {
    if (this.#declared.options.has(written)) return written
    for (const [name, { alias }] of this.#declared.options) if (alias === written) return name
    return null
  }

  #readPlaces(places: readonly string[]): boolean {
    let at = 0
    for (const { name, isRequired, isList } of this.#declared.positionals) {
      if (isRequired && places[at] === undefined) return false
      this.#args[name] = isList ? places.slice(at) : places[at]
      at = isList ? places.length : at + 1
    }
    return places.length <= at
  }

  #fillIn(): boolean {
    for (const [name, option] of this.#declared.options) {
      if (name in this.#args) continue
      if (option.demandOption) return false
      this.#args[name] = option.default
    }
    return true
  }
}

/** `-10` is a value, as yargs has it. */
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d/.test(word)
}
