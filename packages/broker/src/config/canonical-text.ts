import { type ConfigTypeName, doubleText } from './config-value.ts'

/**
 * A value as DescribeConfigs shows it, from the text that somebody set and that was accepted: Kafka shows what it
 * parsed, not what was typed ("compact, delete" becomes "compact,delete", "007" becomes "7", ".5f" becomes "0.5").
 */
export function canonicalText(type: ConfigTypeName, text: string): string {
  const trimmed = text.trim()
  switch (type) {
    case 'BOOLEAN':
      return trimmed.toLowerCase()
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed).toString()
    case 'LIST':
      return trimmed === '' ? '' : [...new Set(trimmed.split(',').map((item) => item.trim()))].join(',')
    case 'PASSWORD':
      return text
    case 'DOUBLE':
      return doubleText(Number(trimmed.replace(/[fd]$/i, '')))
    case 'STRING':
    case 'CLASS':
      return trimmed
  }
}
