// Runs a command of the repository on Node 24: `npm start`, `npm test`, `npm run check`, ...
//
// This file has no dependencies and keeps to what Node 18 understands, because the machine's own Node may be that
// old and nothing may be installed yet. It installs what is missing, then hands over to npm's `node` package.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const stamp = join(modules, '.millrace-installed')

/** What each command hands to Node 24, before the arguments that the caller adds. */
const commands = {
  start: ['packages/cli/bin/millrace.mjs', 'serve'],
  test: ['scripts/test.ts'],
  example: ['examples/run.mjs'],
  check: ['scripts/check.ts'],
  'main-job': ['test/main-job/main.ts'],
  nightly: ['scripts/nightly.ts'],
  simulate: ['packages/simulator/src/main.ts'],
  bench: ['benchmarks/main.ts'],
  'bench:kafka': ['benchmarks/kafka.ts'],
  'bench:gateway': ['benchmarks/gateway.ts'],
  'soak:gateway': ['benchmarks/gateway-soak.ts'],
  'bench:admin': ['benchmarks/admin.ts'],
  'bench:clients': ['benchmarks/clients.ts'],
  'bench:groups': ['benchmarks/groups.ts'],
  'bench:cli': ['benchmarks/cli.ts'],
  'test:pack': ['node_modules/vitest/vitest.mjs', 'run', 'test/pack'],
  docs: ['scripts/docs.ts'],
}

const [name, ...rest] = process.argv.slice(2)
const command = commands[name]
if (command === undefined) fail(`unknown command "${name}": one of ${Object.keys(commands).join(', ')}`)
if (needsInstall()) install()
handOver(findNode(), [...command, ...rest])

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function modifiedMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

/** npm writes its hidden lock file at the end of an install; the stamp covers installs that found nothing to do. */
function needsInstall() {
  const installedMs = Math.max(modifiedMs(join(modules, '.package-lock.json')), modifiedMs(stamp))
  return installedMs < modifiedMs(join(root, 'package-lock.json'))
}

function npm(...args) {
  // Under `npm start` npm names itself, which spares a search and finds the same npm on Windows.
  const npmCli = process.env.npm_execpath
  if (npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli)) {
    return spawnSync(process.execPath, [npmCli, ...args], { cwd: root, stdio: 'inherit' })
  }
  return spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
}

function install() {
  process.stderr.write('Installing dependencies (once for each package-lock.json) ...\n')
  // NODE_ENV=production or an `omit` setting would leave out Node 24 itself.
  const result = npm(
    existsSync(modules) ? 'install' : 'ci',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
  )
  if (result.error !== undefined)
    fail(`npm could not be started (${result.error.message}): install npm 10 or later`)
  if (result.status !== 0) fail('The dependencies could not be installed: npm says above what is wrong')
  writeFileSync(stamp, '')
  utimesSync(stamp, new Date(), new Date())
}

/** Node 24 from npm, else the running one when it is recent enough. */
function findNode() {
  if (existsSync(pinnedNode)) return pinnedNode
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const isOff = npmSetting('ignore-scripts') === 'true'
  return fail(
    isOff
      ? "npm's install scripts are switched off (ignore-scripts=true), and the package `node`, which brings Node 24, needs its own.\n" +
          'Run `npm rebuild node --ignore-scripts=false` and try again, or put a Node 24 on the PATH.'
      : 'The package `node` did not put Node 24 in place, so its install script did not run.\n' +
          'Run `npm rebuild node` and try again, or put a Node 24 on the PATH.',
  )
}

function npmSetting(key) {
  const fromEnvironment = process.env[`npm_config_${key.replace(/-/g, '_')}`]
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment
  const result = spawnSync('npm', ['config', 'get', key], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  return (result.stdout ?? '').trim()
}

/** Runs the command as a child; its exit code or signal becomes ours. */
function handOver(node, args) {
  const bin = join(modules, '.bin')
  const path = `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`
  // The command finds the sources by itself, since it is also started without us.
  const flags = name === 'start' ? [] : ['--conditions=@millrace/source', '--no-warnings']
  const child = spawn(node, [...flags, join(root, args[0]), ...args.slice(1)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  })
  let wasInterrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole process group, and npm sends it once more: the child must see it once.
      if (signal === 'SIGINT' && (process.stdin.isTTY || wasInterrupted)) return
      if (signal === 'SIGINT') wasInterrupted = true
      child.kill(signal)
    })
  }
  if (process.env.npm_lifecycle_event !== undefined) endWithShell(child)
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/**
 * npm starts us through a shell and passes a signal on to that shell alone, which dies of it without telling us. So a
 * new parent means that npm was asked to end. (Not on Windows, where a parent's death changes nothing that we see.)
 */
function endWithShell(child) {
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 100)
  watch.unref()
}
