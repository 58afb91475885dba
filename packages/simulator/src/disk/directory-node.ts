import type { FileNode } from './file-node.ts'

export type DiskNode = FileNode | DirectoryNode

/** One directory: the names that a process sees, and those that are on the platter. */
export class DirectoryNode {
  readonly kind = 'directory'
  readonly names = new Map<string, DiskNode>()
  readonly platterNames = new Map<string, DiskNode>()
}

/** One place in one directory. */
export interface Place {
  readonly directory: DirectoryNode
  readonly name: string
}

/** One change of names that no directory sync has covered yet. */
export interface NameChange {
  readonly sequence: number
  /** The directories whose sync it still waits for. */
  readonly unsyncedDirectories: Set<DirectoryNode>
  /** What it takes from its place and what it puts there, on the platter. */
  readonly removed: Place | null
  readonly added: (Place & { readonly node: DiskNode }) | null
}
