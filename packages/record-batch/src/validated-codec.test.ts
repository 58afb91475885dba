import { describe, expect, it } from 'vitest'
import { type StandardIssue, type StandardSchema, validated } from './validated-codec.ts'

interface Flight {
  delay: number
  note?: string
}

/** A validator made by hand; test/pack has zod, valibot and arktype. */
const flight: StandardSchema<Flight, Flight & { note: string }> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: (value) => {
      const { delay, note = 'none' } = value as Partial<Flight>
      if (typeof delay !== 'number') return { issues: [{ message: 'no number', path: ['delay'] }] }
      return { value: { delay, note } }
    },
  },
}

function alwaysWrong(issues: readonly StandardIssue[]): StandardSchema<unknown, unknown> {
  return { '~standard': { version: 1, vendor: 'by hand', validate: () => ({ issues }) } }
}

describe('a validated value', () => {
  it('is sent as it was given, and read with its defaults', () => {
    const codec = validated(flight)
    expect(String(codec.encode({ delay: 1, note: 'late' }))).toBe('{"delay":1,"note":"late"}')
    expect(codec.decode(Buffer.from('{"delay":2}'))).toEqual({ delay: 2, note: 'none' })
    expect(codec.decodeAt?.(Buffer.from('>>{"delay":2}<<'), 2, 13)).toEqual({ delay: 2, note: 'none' })
  })

  it('is refused when it does not fit, on both ways', () => {
    const codec = validated(flight)
    expect(() => codec.decode(Buffer.from('{"delay":"2"}'))).toThrow(
      new TypeError('not valid: delay: no number'),
    )
    const wrong = JSON.parse('{"note":"x"}')
    expect(() => codec.encode(wrong)).toThrow('not valid: delay: no number')
  })

  it('is refused in few words when much is wrong', () => {
    const issues = Array.from({ length: 9 }, (_, i) => ({ message: 'wrong', path: ['list', { key: i }] }))
    const codec = validated(alwaysWrong(issues))
    expect(() => codec.encode(1)).toThrow(/^not valid: list\.0: wrong; .*list\.4: wrong; and 4 more$/)
    expect(() => validated(alwaysWrong([{ message: 'all of it' }])).encode(1)).toThrow('not valid: all of it')
  })

  it('cannot wait for a validator', () => {
    const validate = (): Promise<never> => Promise.reject(new Error('later'))
    const codec = validated({ '~standard': { version: 1, vendor: 'slow', validate } })
    expect(() => codec.encode(1)).toThrow('the slow validator is asynchronous')
  })
})
