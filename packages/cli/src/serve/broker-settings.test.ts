import { describe, expect, it } from 'vitest'
import { parseProperties, parseSets, readBrokerSettings } from './broker-settings.ts'
import { formatLogLine } from './console-logger.ts'

describe('a properties file', () => {
  it('has a key and a value a line, comments, and lines that go on', () => {
    const text =
      '# comment\n! too\n\nnum.partitions=3\nlog.dirs = /data = x\nlisteners: A://b:1,\\\n   C://d:2\r\n'
    expect(parseProperties(text, 'f')).toEqual({
      'num.partitions': '3',
      'log.dirs': '/data = x',
      listeners: 'A://b:1,C://d:2',
    })
  })

  it('is refused by file and line', () => {
    expect(() => parseProperties('a=1\nnonsense\n', 'f')).toThrow(
      'f, line 2: expected KEY=VALUE, found "nonsense"',
    )
  })

  it('that is not there is told by name', () => {
    expect(() => readBrokerSettings('/no/such/file', [])).toThrow(
      'cannot read the file /no/such/file: there is none',
    )
  })
})

describe('--set', () => {
  it('takes everything behind the first equals sign', () => {
    expect(parseSets(['a=b=c', 'd='])).toEqual({ a: 'b=c', d: '' })
  })

  it('needs one', () => {
    expect(() => parseSets(['a'])).toThrow('--set a: expected KEY=VALUE')
    expect(() => parseSets(['=a'])).toThrow('--set =a: expected KEY=VALUE')
  })
})

describe('a log line', () => {
  it('stays one line whatever is in it', () => {
    const line = formatLogLine(
      new Date(0),
      'warn',
      { topic: 'a b', count: 3, path: '/x', list: [1] },
      'something',
    )
    expect(line).toBe('1970-01-01T00:00:00.000Z WARN  something topic="a b" count=3 path=/x list=[1]\n')
    expect(formatLogLine(new Date(0), 'info', { text: 'a\nb' }, 'm').split('\n')).toHaveLength(2)
  })
})
