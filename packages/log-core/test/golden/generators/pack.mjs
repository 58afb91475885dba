// Packs a data directory and what is expected of it into one file: gzip of JSON, the bytes in base64.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { gzipSync } from 'node:zlib'

const [root, expectedPath, target] = process.argv.slice(2)
const files = {}
for (const name of readdirSync(root, { recursive: true }).sort()) {
  const isPartition = /^(codecs|transactions|stamped|compacted)-0\//.test(name)
  if ((isPartition || name === 'meta.properties') && statSync(`${root}/${name}`).isFile()) {
    files[name] = readFileSync(`${root}/${name}`).toString('base64')
  }
}
const json = JSON.stringify({ files, expected: JSON.parse(readFileSync(expectedPath, 'utf8')) })
writeFileSync(target, gzipSync(json, { level: 9 }))
