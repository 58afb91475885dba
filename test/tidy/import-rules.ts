/** Who may import whom: `docs/architecture.md` section "Packages" as data, and the check of one import. */

/** What the shipped code of a package may import of ours. */
export const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  'record-batch': [],
  'log-core': ['record-batch'],
  'consumer-groups': ['protocol'],
  broker: ['protocol', 'record-batch', 'log-core', 'consumer-groups'],
  client: ['protocol', 'record-batch'],
  gateway: ['broker', 'client', 'protocol'],
  cli: ['broker', 'gateway', 'log-core', 'client', 'record-batch', 'protocol'],
  // Only tests import the simulator, so it may stand on anything.
  simulator: ['protocol', 'record-batch', 'log-core', 'consumer-groups', 'broker', 'client', 'gateway'],
}

export interface ImportFact {
  /** The importing package, and whether the importing file ships. */
  readonly from: string
  readonly isShipped: boolean
  readonly to: string
}

/** Says what is wrong with an import of one of our packages by another, or null. */
export function wrongImport(fact: ImportFact): string | null {
  if (fact.to === fact.from) return null
  if (fact.to === 'benchmarks') return 'nothing imports the benchmarks'
  const allowed = ALLOWED_IMPORTS[fact.from]
  // Tests, benchmarks, examples and scripts may use every package.
  if (allowed === undefined || !fact.isShipped) return null
  if (allowed.includes(fact.to)) return null
  if (fact.to === 'simulator') return 'only tests import the simulator'
  return `${fact.from} may import ${allowed.join(', ') || 'nothing of ours'}`
}

/** The package of ours that a specifier names, or null. */
export function ownPackage(specifier: string): string | null {
  if (specifier === 'millrace') return 'cli'
  return /^@millrace\/([^/]+)/.exec(specifier)?.[1] ?? null
}
