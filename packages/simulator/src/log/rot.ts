import type { FileNode } from '../disk/file-node.ts'
import type { World } from './world.ts'

/** Flips one bit somewhere in the data directory, and remembers whose it was: that one may be refused from now on. */
export function rotSomewhere(world: World): void {
  // Once in a seed: against two faults at once nothing is promised.
  if (world.isDirectoryDamaged || world.partitions.some(({ damage }) => damage === 'rot')) return
  const files = filesOfOneKind(world)
  if (files.length === 0) return
  const { path, node } = world.prng.pick(files)
  const position = world.prng.below(node.sizeBytes)
  const mask = 1 << world.prng.below(8)
  node.flip(position, mask)
  world.trace?.(`rot: ${path} at ${position}, mask ${mask}`)
  const owner = world.partitions.find(({ directory }) => path.startsWith(`${directory}/`))
  if (owner === undefined) world.isDirectoryDamaged = true
  else owner.damage = 'rot'
}

/** There are many segments and few checkpoints, so the kind is drawn first. */
function filesOfOneKind(world: World): { path: string; node: FileNode }[] {
  const byKind = new Map<string, { path: string; node: FileNode }[]>()
  for (const file of world.disk.files()) {
    if (file.node.sizeBytes === 0) continue
    const kind = file.path.slice(file.path.lastIndexOf('/') + 1).replaceAll(/\d+/g, 'N')
    const others = byKind.get(kind) ?? []
    byKind.set(kind, [...others, file])
  }
  const kinds = [...byKind.keys()].sort()
  return kinds.length === 0 ? [] : (byKind.get(world.prng.pick(kinds)) ?? [])
}
