/** A terminal that a test types into and looks at: tmux plays it. */
import { execFileSync } from 'node:child_process'
import { expect, vi } from 'vitest'

export class Tmux {
  readonly #socket: string

  /** `socket`: its own for each test file, so that none ends another's terminals. */
  constructor(socket: string) {
    this.#socket = socket
  }

  /** Whether there is a tmux on the PATH. */
  static isHere(): boolean {
    try {
      execFileSync('tmux', ['-V'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  /** Runs one of tmux's commands, whatever the user's settings and locale are, and gives what it wrote. */
  run(...args: readonly string[]): string {
    return execFileSync('tmux', ['-u', '-f', '/dev/null', '-L', this.#socket, ...args], { encoding: 'utf8' })
  }

  /** A new terminal of this width, with a shell in it. */
  open(session: string, columns: number): void {
    this.run('new-session', '-d', '-s', session, '-x', String(columns), '-y', '24', 'sh')
  }

  /** Types a line into a session. */
  type(session: string, line: string): void {
    this.run('send-keys', '-t', session, '-l', line)
    this.run('send-keys', '-t', session, 'Enter')
  }

  press(session: string, key: string): void {
    this.run('send-keys', '-t', session, key)
  }

  resize(session: string, columns: number): void {
    this.run('resize-window', '-t', session, '-x', String(columns), '-y', '24')
  }

  /** What stands on the screen of a session. */
  screen(session: string): string {
    return this.run('capture-pane', '-p', '-t', session)
  }

  /** Until the screen of a session shows the text. */
  screenShows(session: string, text: string | RegExp): Promise<void> {
    return vi.waitFor(() => expect(this.screen(session)).toMatch(text), { timeout: 60_000, interval: 50 })
  }
}
