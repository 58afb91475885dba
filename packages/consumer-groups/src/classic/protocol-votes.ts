import { strict as assert } from 'node:assert'
import type { ClassicMember, OfferedProtocol } from './classic-member.ts'

/** Which protocols the members of a group offer, counted as members come and go. */
export class ProtocolVotes {
  readonly #supporters = new Map<string, number>()

  add(protocols: readonly OfferedProtocol[]): void {
    for (const { name } of protocols) this.#supporters.set(name, this.supporters(name) + 1)
  }

  remove(protocols: readonly OfferedProtocol[]): void {
    for (const { name } of protocols) {
      const left = this.supporters(name) - 1
      assert(left >= 0)
      if (left === 0) this.#supporters.delete(name)
      else this.#supporters.set(name, left)
    }
  }

  supporters(name: string): number {
    return this.#supporters.get(name) ?? 0
  }

  /**
   * Every member votes for the first of its protocols that all members have; most votes win, and among equals
   * the one that was voted for first, so that the same members always choose the same protocol.
   */
  elect(members: ReadonlyMap<string, Pick<ClassicMember, 'memberId' | 'protocols'>>): string {
    assert(members.size > 0)
    const votes = new Map<string, number>()
    for (const member of members.values()) {
      const choice = member.protocols.find(({ name }) => this.supporters(name) === members.size)
      assert(choice !== undefined, `no protocol of ${member.memberId} is offered by all members`)
      votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    let winner = { name: '', count: 0 }
    for (const [name, count] of votes) if (count > winner.count) winner = { name, count }
    return winner.name
  }
}
