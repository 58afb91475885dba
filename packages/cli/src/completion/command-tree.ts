import type { CommandModule } from 'yargs'
import { COMMANDS } from '../command-table.ts'
import { Declaration } from '../declaration.ts'

/** A command with its name in full, such as `topic create`. */
export interface CommandNode {
  readonly path: string
  readonly declaration: Declaration
  readonly children: readonly CommandNode[]
}

/** All commands as they are declared: what completion and the manual page are made from. */
export async function commandTree(): Promise<CommandNode[]> {
  const modules = await Promise.all(Object.values(COMMANDS).map(({ load }) => load()))
  return modules.map((module) => nodeOf(module, '', new Map()))
}

/** A node and all nodes below it. */
export function withChildren(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(withChildren)]
}

function nodeOf(module: CommandModule, parent: string, inherited: Declaration['options']): CommandNode {
  const declaration = new Declaration(module, inherited)
  const path = parent === '' ? declaration.name : `${parent} ${declaration.name}`
  const children = [...declaration.commands.values()].map((child) => nodeOf(child, path, declaration.options))
  return { path, declaration, children }
}
