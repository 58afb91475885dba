import type { GatewayServices } from '../gateway-services.ts'
import { HttpError } from '../http/http-error.ts'
import { startPositions } from '../records/positions.ts'
import { TopicFeed } from './topic-feed.ts'

interface SharedFeed {
  readonly opening: Promise<TopicFeed>
  userCount: number
}

/** One feed for each topic that somebody listens to. */
export class FeedRegistry {
  readonly #services: GatewayServices
  readonly #feeds = new Map<string, SharedFeed>()

  constructor(services: GatewayServices) {
    this.#services = services
  }

  /** The feed of a topic, for one more user, who gives it back with `release`. */
  async acquire(topic: string): Promise<TopicFeed> {
    const shared = this.#feeds.get(topic) ?? this.#open(topic)
    shared.userCount++
    try {
      return await shared.opening
    } catch (error) {
      this.release(topic)
      throw error
    }
  }

  release(topic: string): void {
    const shared = this.#feeds.get(topic)
    if (shared === undefined || --shared.userCount > 0) return
    this.#feeds.delete(topic)
    shared.opening.then(
      (feed) => feed.close(),
      () => {},
    )
  }

  #open(topic: string): SharedFeed {
    const { limits } = this.#services.settings
    if (this.#feeds.size >= limits.maxFeeds) {
      throw new HttpError(503, 'TOO_MANY_STREAMS', `${limits.maxFeeds} topics are listened to already`)
    }
    const open = async (): Promise<TopicFeed> => {
      const client = await this.#services.client()
      const ends = await startPositions(client, topic, 'end')
      return new TopicFeed(client, topic, ends, this.#services.settings)
    }
    const shared = { opening: open(), userCount: 0 }
    this.#feeds.set(topic, shared)
    return shared
  }
}
