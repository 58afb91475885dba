/**
 * The door to the process: standard streams, environment, signals, exit code. Nothing else in this
 * package touches `process`.
 */

/** The signals that ask a command to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Whether standard error is a terminal, where progress may be shown. */
export function isInteractive(): boolean {
  return process.stderr.isTTY === true
}

/** Whether standard output is a terminal, where columns and colours may be used. */
export function isOutputTerminal(): boolean {
  return process.stdout.isTTY === true
}

/** The width of the terminal in columns, or a usual one. */
export function terminalColumns(): number {
  return process.stdout.columns ?? process.stderr.columns ?? 80
}

/** A variable of the environment; an empty one is none, as shells have it. */
export function environment(name: string): string | undefined {
  const value = process.env[name]
  return value === '' ? undefined : value
}

/** Writes data. Resolves when more is wanted: at once, or when the reader at the other end has caught up. */
export function writeOut(data: string | Buffer): Promise<void> {
  if (process.stdout.write(data)) return Promise.resolve()
  return new Promise((resolve) => process.stdout.once('drain', resolve))
}

/** Writes a line of data. */
export function printLine(line: string): Promise<void> {
  return writeOut(`${line}\n`)
}

/** Writes what is not data: notes, progress, errors. */
export function writeNote(text: string): void {
  process.stderr.write(text)
}

/** Standard input, chunk by chunk. */
export function standardInput(): AsyncIterable<Buffer> {
  return process.stdin
}

/** Whether somebody types the input, rather than a pipe giving it. */
export function isInputTerminal(): boolean {
  return process.stdin.isTTY === true
}

/** An ending for names of what this run makes and takes away: two runs that begin in the same moment do not meet. */
export function nameOfRun(): string {
  return `${Date.now().toString(36)}-${process.pid}`
}

/** Stops waiting for input that nobody wants any more, so that the process can end. */
export function abandonInput(): void {
  process.stdin.destroy()
}

/** The exit code when the process ends by itself. */
export function setExitCode(code: number): void {
  process.exitCode = code
}

/** Ends the process in a moment, if something that nobody waits for would keep it alive. */
export function endSoon(): void {
  setTimeout(() => process.exit(), END_GRACE_MS).unref()
}

/**
 * A reader that went away (`| head -1`) has what it wanted: that is no error. Any other failure of
 * the output is.
 */
export function endOnClosedPipe(): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`millrace: cannot write the output: ${error.message}\n`)
    process.exit(1)
  }
  process.stdout.on('error', onError)
  // Nobody is left to tell.
  process.stderr.on('error', () => process.exit(1))
}

/** An AbortSignal that Ctrl-C and its relatives abort; a second one ends the process at once. */
export function abortOnEndSignal(): AbortSignal {
  const controller = new AbortController()
  const signals: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(EXIT_CODE_OF_SIGNAL[signal])
      controller.abort(signal)
    })
  }
  return controller.signal
}

/** The exit code of a command that a signal ended before it had come to its end. */
export function exitCodeAfter(signal: AbortSignal): number {
  const reason: unknown = signal.reason
  if (reason === 'SIGHUP' || reason === 'SIGTERM') return EXIT_CODE_OF_SIGNAL[reason]
  return EXIT_CODE_OF_SIGNAL.SIGINT
}

/** Time for what was written to reach its reader. */
const END_GRACE_MS = 2_000

/** As a shell tells them: 128 and the number of the signal. */
const EXIT_CODE_OF_SIGNAL: Readonly<Record<EndSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
