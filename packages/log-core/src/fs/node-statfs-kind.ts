import fs from 'node:fs'
import process from 'node:process'
import { attempt } from './node-file-handle.ts'

/** Linux's magic numbers (statfs(2)), for the kinds that a data directory is likely to lie on. */
const LINUX_KINDS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
  [0x5346544e, 'ntfs'],
  [0x7366746e, 'ntfs'],
  [0x4d44, 'fat'],
  [0x2011bab0, 'exfat'],
])

/** The kind of file system, so that a start can warn about one that cannot keep what it synced. */
export function nodeStatfsKind(path: string): string {
  const type = attempt(path, 'ask for the kind of file system', () => fs.statfsSync(path).type)
  if (process.platform !== 'linux') return 'unknown'
  const kind = LINUX_KINDS.get(type >>> 0) ?? 'unknown'
  return kind === 'overlay' && isVolatileOverlay(path) ? 'overlay-volatile' : kind
}

/** An overlay mounted with `volatile` ignores every sync. Only the list of mounts tells. */
function isVolatileOverlay(path: string): boolean {
  const realPath = attempt(path, 'resolve', () => fs.realpathSync(path))
  return isVolatileMount(
    attempt(path, 'list the mounts', () => fs.readFileSync('/proc/self/mounts', 'utf8')),
    realPath,
  )
}

/** Whether the innermost mount of `mounts` (the format of fstab(5)) that holds `path` carries `volatile`. */
export function isVolatileMount(mounts: string, path: string): boolean {
  let innermost = { point: '', options: [] as readonly string[] }
  for (const line of mounts.split('\n')) {
    const [, escapedPoint, , options] = line.split(' ')
    if (escapedPoint === undefined || options === undefined) continue
    const point = unescapeOctal(escapedPoint)
    const holdsPath = point === '/' || path === point || path.startsWith(`${point}/`)
    // The last of several mounts on one point is the one that is seen.
    if (holdsPath && point.length >= innermost.point.length)
      innermost = { point, options: options.split(',') }
  }
  return innermost.options.includes('volatile')
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
