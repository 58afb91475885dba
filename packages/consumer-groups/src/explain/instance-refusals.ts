export interface InstanceRefusal {
  readonly refusedMemberId: string
  readonly holderMemberId: string
  readonly timestampMs: number
}

/** Of one group. The oldest is forgotten for a new one. */
const MAX_REMEMBERED = 100

/**
 * Members of a group that were turned away because another holds their instance id, each instance's last. Not durable:
 * it is there to be told about, nothing is decided by it.
 */
export class InstanceRefusals {
  readonly #byInstance = new Map<string, InstanceRefusal>()

  note(instanceId: string, refusal: InstanceRefusal): void {
    this.#byInstance.delete(instanceId)
    this.#byInstance.set(instanceId, refusal)
    const oldest = this.#byInstance.keys().next().value
    if (this.#byInstance.size > MAX_REMEMBERED && oldest !== undefined) this.#byInstance.delete(oldest)
  }

  entries(): Iterable<[string, InstanceRefusal]> {
    return this.#byInstance
  }
}
