import { strict as assert } from 'node:assert'
import type { Life } from './simulated-coordinator.ts'

/** What every member was told, held against every other. */
export class AssignmentLedger {
  /** Generations that got as far as an assignment. */
  get generationCount(): number {
    return this.#owners.size
  }
  commitCount = 0
  takenCount = 0
  /** Called whenever a member of the consumer protocol takes a partition. */
  onTaken: (told: { memberId: string; partition: number }) => void = () => {}
  readonly #owners = new Map<string, Map<number, string>>()
  readonly #leaders = new Map<string, string>()
  readonly #committed = new Map<number, number>()

  /**
   * G4: one leader a generation. A generation that was lost in a crash before its assignment was durable may be
   * led anew under the same number, hence the incarnation. A static leader that was restarted leads on under another id.
   */
  told({ generationId, leader, life }: { life: Life; generationId: number; leader: string }): void {
    const key = `${life.burials}/${life.incarnation}/${generationId}`
    const known = this.#leaders.get(key) ?? leader
    this.#leaders.set(key, known)
    assert.equal(
      withoutUniquePart(leader),
      withoutUniquePart(known),
      `two leaders in generation ${generationId}`,
    )
  }

  /** G4: one assignment a generation, and no partition with two owners in it. */
  assigned(told: {
    life: Life
    generationId: number
    identity: string
    partitions: readonly number[]
  }): void {
    const key = `${told.life.burials}/${told.generationId}`
    const owners = this.#owners.get(key) ?? new Map<number, string>()
    this.#owners.set(key, owners)
    for (const partition of told.partitions) {
      const owner = owners.get(partition) ?? told.identity
      assert.equal(
        told.identity,
        owner,
        `partition ${partition} has two owners in generation ${told.generationId}`,
      )
      owners.set(partition, owner)
    }
  }

  taken(told: { memberId: string; partition: number }): void {
    this.takenCount++
    this.onTaken(told)
  }

  /** A commit that was acknowledged: what the group has committed must not go back. */
  committed(
    partitions: readonly { readonly partitionIndex: number; readonly committedOffset: number }[],
  ): void {
    this.commitCount++
    for (const { committedOffset, partitionIndex } of partitions) {
      this.#committed.set(partitionIndex, Math.max(committedOffset, this.#committed.get(partitionIndex) ?? 0))
    }
  }

  /** What was acknowledged so far, at least, for a partition. */
  acknowledged(partition: number): number {
    return this.#committed.get(partition) ?? -1
  }
}

/** `instance-12` and `instance-31` are one static member; dynamic ids differ before the dash already. */
function withoutUniquePart(memberId: string): string {
  return memberId.startsWith('instance') ? memberId.replace(/-\d+$/, '') : memberId
}
