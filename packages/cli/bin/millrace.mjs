#!/usr/bin/env node
// Starts millrace in this process, so that a signal to its pid reaches the broker.
//
// In a package it runs dist/. In a clone it runs src/ as it is: Node strips the types, and the export condition
// `@millrace/source` leads every package of the workspace to its own src/. V8's compile cache makes the second start
// several times as quick as the first. This file keeps to what old versions of Node understand, to be able to say
// that they are too old.
import { existsSync } from 'node:fs'
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
// Shipped in no package, so it tells a clone from an installation.
const isClone = existsSync(new URL('../tsconfig.build.json', import.meta.url))

if (major < 22 || (major === 22 && minor < 15)) {
  refuse(`millrace needs Node 22.15 or later, and this is Node ${process.versions.node}`)
} else if (isClone && !process.features.typescript) {
  refuse(`a clone of millrace needs Node 24, and this is Node ${process.versions.node}: use npm start`)
} else {
  module.enableCompileCache()
  if (isClone) resolveToSources()
  import(isClone ? '../src/main.ts' : '../dist/main.js').then(({ main }) => main(process.argv.slice(2)))
}

function refuse(reason) {
  process.stderr.write(`millrace: ${reason}\n`)
  process.exitCode = 1
}

function resolveToSources() {
  module.registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!specifier.startsWith('@millrace/')) return nextResolve(specifier, context)
      return nextResolve(specifier, { ...context, conditions: [...context.conditions, '@millrace/source'] })
    },
  })
}
