/** One configuration that works, as somebody outside sees it: what is other with it than without it. */
export interface ConfigEffect {
  /** Not the default. */
  readonly value: string
  /** Starts a broker with these settings and tells what it does. */
  observe(settings: Readonly<Record<string, string>>): Promise<unknown>
  readonly withIt: unknown
  readonly without: unknown
}
