/** The log broke a promise. The message says which, with offsets and epochs. */
export class Violation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Violation'
  }
}

/** Throws a Violation unless the promise was kept. The message is built only when it was not. */
export function expectThat(isKept: boolean, message: () => string): asserts isKept {
  if (!isKept) throw new Violation(message())
}
