/**
 * The first field that no record has, or null: misspelt, or of another library (`timestamp`), it would do nothing.
 * `isMore` says which there are beside those of every record. Written out, as looking the names up in a set costs four
 * times as much for each record. What only reading gives (`offset`) is let through: a record may be written as it was read.
 */
export function unknownRecordField(record: object, isMore: (name: string) => boolean): string | null {
  for (const name in record) {
    switch (name) {
      case 'value':
      case 'key':
      case 'headers':
      case 'timestampMs':
      case 'offset':
        break
      default:
        if (!isMore(name) && Object.hasOwn(record, name)) return name
    }
  }
  return null
}
