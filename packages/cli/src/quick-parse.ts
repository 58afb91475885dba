import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs'

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
  const declared = new Declaration()
  declared.readFrom(command)
  return parse(command, declared, words)
}

function parse(command: CommandModule, declared: Declaration, words: readonly string[]): QuickCommand | null {
  const [word, ...rest] = words
  if (declared.commands.size > 0) {
    const sub = word === undefined ? undefined : declared.commands.get(word)
    if (sub === undefined) return null
    const inner = new Declaration(declared.options)
    inner.readFrom(sub)
    return parse(sub, inner, rest)
  }
  const args = declared.read(words)
  return args === null ? null : { command, args }
}

/** What a builder declares, as far as reading needs it. Stands in for yargs while the builder runs. */
class Declaration {
  readonly commands = new Map<string, CommandModule>()
  readonly options: Map<string, Options>
  readonly #positionals: { readonly name: string; readonly isRequired: boolean; readonly isList: boolean }[] =
    []

  constructor(inherited: ReadonlyMap<string, Options> = new Map()) {
    this.options = new Map(inherited)
  }

  readFrom({ command, builder }: CommandModule): void {
    for (const [, open, name = '', dots] of String(command).matchAll(/([<[])(\w+)(\.\.)?[>\]]/g)) {
      this.#positionals.push({ name, isRequired: open === '<', isList: dots !== undefined })
    }
    if (typeof builder === 'function') builder(this.#asYargs())
  }

  /** The arguments by their declared names, or null. */
  read(words: readonly string[]): Record<string, unknown> | null {
    const args: Record<string, unknown> = {}
    const places: string[] = []
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? ''
      if (!isFlag(word)) {
        places.push(word)
        continue
      }
      const taken = this.#readFlag(word, words[at + 1], args)
      if (taken === null) return null
      at += taken
    }
    return this.#readPlaces(places, args) && this.#fillIn(args) ? args : null
  }

  /** Stores a flag; gives how many words behind it belong to it, or null. */
  #readFlag(word: string, next: string | undefined, args: Record<string, unknown>): number | null {
    const match = /^--(no-)?([a-z-]+)(?:=(.*))?$/su.exec(word) ?? /^-()([a-zA-Z])$/.exec(word)
    const [, negation = '', written = '', inline] = match ?? []
    const name = this.#nameOf(written)
    const option = name === null ? undefined : this.options.get(name)
    if (name === null || option === undefined) return null
    if (option.type === 'boolean') {
      if (inline !== undefined || name in args) return null
      args[name] = negation === ''
      return 0
    }
    if (negation !== '') {
      // `--no-http`: there is none of it.
      if (inline !== undefined || name in args || option.array) return null
      args[name] = false
      return 0
    }
    const value = inline ?? next
    if (value === undefined || (inline === undefined && isFlag(value))) return null
    if (option.choices !== undefined && !option.choices.includes(value)) return null
    if (option.array) args[name] = [...(Array.isArray(args[name]) ? args[name] : []), value]
    else if (name in args) return null
    else args[name] = value
    return inline === undefined ? 1 : 0
  }

  #nameOf(written: string): string | null {
    if (this.options.has(written)) return written
    for (const [name, { alias }] of this.options) if (alias === written) return name
    return null
  }

  #readPlaces(places: readonly string[], args: Record<string, unknown>): boolean {
    let at = 0
    for (const { name, isRequired, isList } of this.#positionals) {
      if (isRequired && places[at] === undefined) return false
      args[name] = isList ? places.slice(at) : places[at]
      at = isList ? places.length : at + 1
    }
    return places.length <= at
  }

  #fillIn(args: Record<string, unknown>): boolean {
    for (const [name, option] of this.options) {
      if (name in args) continue
      if (option.demandOption) return false
      args[name] = option.default
    }
    return true
  }

  /** The part of yargs that our builders use. The rest of it is about help. */
  #asYargs(): Argv {
    const yargs = {
      option: (name: string, option: Options) => {
        this.options.set(name, option)
        return yargs
      },
      positional: (_name: string, _option: PositionalOptions) => yargs,
      command: (module: CommandModule) => {
        this.commands.set(String(module.command).split(' ')[0] ?? '', module)
        return yargs
      },
      demandCommand: () => yargs,
      example: () => yargs,
      epilogue: () => yargs,
    }
    return yargs as unknown as Argv
  }
}

/** `-10` is a value, as yargs has it. */
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d/.test(word)
}
