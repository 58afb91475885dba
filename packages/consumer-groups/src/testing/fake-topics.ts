import type { MatchedTopics, TopicFacts, TopicView } from '../topic-view.ts'

/** Topics that a test creates, deletes and grows. Regular expressions are JavaScript's, which are close enough. */
export class FakeTopics implements TopicView {
  version = 0
  readonly #byName = new Map<string, TopicFacts>()
  #lastId = 0

  /** A topic that was there before gets another id. */
  create(name: string, partitionCount: number): TopicFacts {
    const topicId = Buffer.from(`${++this.#lastId}`.padStart(16, '.')).toString('base64url')
    const facts = { name, topicId, partitionCount }
    this.#put(facts)
    return facts
  }

  grow(name: string, partitionCount: number): void {
    const facts = this.#byName.get(name)
    if (facts !== undefined) this.#put({ ...facts, partitionCount })
  }

  delete(name: string): void {
    this.#byName.delete(name)
    this.version++
  }

  find(name: string): TopicFacts | undefined {
    return this.#byName.get(name)
  }

  findById(topicId: string): TopicFacts | undefined {
    return [...this.#byName.values()].find((facts) => facts.topicId === topicId)
  }

  matching(pattern: string): MatchedTopics {
    try {
      const regex = new RegExp(`^(?:${pattern})$`)
      return { names: [...this.#byName.keys()].filter((name) => regex.test(name)), refusal: null }
    } catch {
      return { names: [], refusal: 'missing closing )' }
    }
  }

  #put(facts: TopicFacts): void {
    this.#byName.set(facts.name, facts)
    this.version++
  }
}
