import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs'

/** An argument by its place. */
export interface Positional {
  readonly name: string
  readonly isRequired: boolean
  readonly isList: boolean
  readonly describe: string
}

/** What a command declares to yargs, read without yargs: its builder runs against a stand-in. */
export class Declaration {
  readonly name: string
  readonly describe: string
  readonly commands = new Map<string, CommandModule>()
  /** Its own, and those of the commands that it is in. */
  readonly options: Map<string, Options>
  readonly positionals: Positional[] = []
  readonly examples: { readonly command: string; readonly describe: string }[] = []
  epilogue = ''

  constructor(module: CommandModule, inherited: ReadonlyMap<string, Options> = new Map()) {
    this.options = new Map(inherited)
    this.name = String(module.command).split(' ')[0] ?? ''
    this.describe = typeof module.describe === 'string' ? module.describe : ''
    const told = new Map<string, PositionalOptions>()
    if (typeof module.builder === 'function') void module.builder(this.#asYargs(told))
    for (const [, open, name = '', dots] of String(module.command).matchAll(/([<[])(\w+)(\.\.)?[>\]]/g)) {
      const describe = told.get(name)?.describe ?? ''
      this.positionals.push({ name, isRequired: open === '<', isList: dots !== undefined, describe })
    }
  }

  /** The part of yargs that our builders use. */
  #asYargs(told: Map<string, PositionalOptions>): Argv {
    const yargs = {
      option: (name: string, option: Options) => {
        this.options.set(name, option)
        return yargs
      },
      positional: (name: string, option: PositionalOptions) => {
        told.set(name, option)
        return yargs
      },
      command: (module: CommandModule) => {
        this.commands.set(String(module.command).split(' ')[0] ?? '', module)
        return yargs
      },
      example: (command: string, describe: string) => {
        this.examples.push({ command: command.replaceAll('$0', 'millrace'), describe })
        return yargs
      },
      epilogue: (text: string) => {
        this.epilogue = text
        return yargs
      },
      demandCommand: () => yargs,
    }
    return yargs as unknown as Argv
  }
}
