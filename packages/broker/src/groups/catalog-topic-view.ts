import { createRequire } from 'node:module'
import type { MatchedTopics, TopicFacts, TopicView } from '@millrace/consumer-groups'
import type { TopicCatalog } from '../cluster/topic-catalog.ts'

type Re2 = typeof import('re2js')

/**
 * What one regular expression may cost: the size of its program times the characters of all topic names. Matching is
 * linear in both, whatever the pattern; this keeps the product to some hundreds of milliseconds at worst.
 */
const MAX_MATCH_STEPS = 500_000_000
const MAX_PROGRAM_SIZE = 5_000

/** The catalog as groups see it. Regular expressions are RE2's, by the package re2js. */
export class CatalogTopicView implements TopicView {
  readonly #catalog: TopicCatalog
  #re2: Re2 | null = null

  constructor(catalog: TopicCatalog) {
    this.#catalog = catalog
  }

  get version(): number {
    return this.#catalog.topicsVersion
  }

  find(name: string): TopicFacts | undefined {
    return this.#catalog.topic(name)
  }

  findById(topicId: string): TopicFacts | undefined {
    return this.#catalog.topicById(topicId)
  }

  matching(pattern: string): MatchedTopics {
    const names = [...this.#catalog.topics()].map(({ name }) => name)
    const regex = this.#compile(pattern)
    if (typeof regex === 'string') return refusedFor(regex)
    const characters = names.reduce((sum, { length }) => sum + length, 0)
    if (regex.programSize() * characters > MAX_MATCH_STEPS) {
      return refusedFor('expression too costly for all topic names together')
    }
    return { names: names.filter((name) => regex.testExact(name)), refusal: null }
  }

  /** Or why it cannot be used, in RE2's words. */
  #compile(pattern: string): ReturnType<Re2['RE2JS']['compile']> | string {
    const { RE2JS, RE2JSException, RE2JSSyntaxException } = this.#load()
    try {
      const regex = RE2JS.compile(pattern)
      return regex.programSize() > MAX_PROGRAM_SIZE ? 'expression too large' : regex
    } catch (error) {
      if (error instanceof RE2JSSyntaxException) return error.getDescription()
      if (error instanceof RE2JSException) return error.message
      throw error
    }
  }

  /** Loaded when the first group subscribes to a pattern: it takes as long as a tenth of the whole start. */
  #load(): Re2 {
    this.#re2 ??= createRequire(import.meta.url)('re2js') as Re2
    return this.#re2
  }
}

function refusedFor(refusal: string): MatchedTopics {
  return { names: [], refusal }
}
