/** One value of a family, told apart by its labels. */
export interface Sample {
  /** What stands behind the family's name: `_sum` and `_count` of a summary; empty otherwise. */
  readonly suffix: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** All values of one name. The name of a counter stands without `_total`. */
export interface MetricFamily {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'summary'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** The text forms that a scraper may ask for. */
export type ExpositionFormat = 'prometheus' | 'openmetrics'

/** Writes families in the text form of Prometheus (0.0.4) or OpenMetrics (1.0.0). */
export function formatFamilies(families: readonly MetricFamily[], format: ExpositionFormat): string {
  let text = ''
  for (const { help, kind, name, samples } of families) {
    // Prometheus names a counter as its sample is named, OpenMetrics without the ending.
    const title = kind === 'counter' && format === 'prometheus' ? `${name}_total` : name
    text += `# HELP ${title} ${escapeText(help)}\n# TYPE ${title} ${kind}\n`
    const ending = kind === 'counter' ? '_total' : ''
    for (const { labels, suffix, value } of samples) {
      text += `${name}${suffix}${ending}${formatLabels(labels)} ${formatNumber(value)}\n`
    }
  }
  return format === 'openmetrics' ? `${text}# EOF\n` : text
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escapeText(value).replaceAll('"', '\\"')}"`).join(',')}}`
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
