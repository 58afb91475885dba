import { type ConfigValue, InvalidConfigError } from './config-value.ts'

/** Numbers by address, written `ADDRESS:NUMBER,ADDRESS:NUMBER` as in Kafka; an IPv6 address may stand in brackets. */
export function addressLimits(): ConfigValue<ReadonlyMap<string, number>> {
  return { type: 'STRING', defaultText: '', defaultValue: new Map(), accepts: '', parse: parseAddressLimits }
}

function parseAddressLimits(text: string): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue
    const [, address, number] = /^\[?([^[\]\s]+?)\]?:(\d{1,9})$/.exec(item) ?? []
    if (address === undefined || number === undefined) {
      throw new InvalidConfigError(`Expected ADDRESS:NUMBER, separated by commas, but found ${item}`)
    }
    limits.set(address, Number(number))
  }
  return limits
}
