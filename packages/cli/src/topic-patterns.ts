import type { Client } from '@millrace/client'
import { CommandError } from './command-error.ts'

/** Turns names and patterns into names of topics. A name is taken as it is: reading says whether it exists. */
export async function selectTopics(client: Client, selections: readonly string[]): Promise<string[]> {
  if (!selections.some(isPattern)) return [...new Set(selections)]
  const names = (await client.admin.listTopics()).map(({ name }) => name)
  const selected = selections.flatMap((selection) => {
    if (!isPattern(selection)) return [selection]
    const pattern = patternOf(selection)
    const found = names.filter((name) => pattern.test(name))
    if (found.length === 0)
      throw new CommandError(`no topic matches ${selection}: millrace topic list names them`)
    return found
  })
  return [...new Set(selected)]
}

/** `*` stands for any characters, `?` for one: neither can be in a topic's name. */
function isPattern(text: string): boolean {
  return /[*?]/.test(text)
}

function patternOf(text: string): RegExp {
  const parts = [...text].map((char) =>
    char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[^\w-]/, '\\$&'),
  )
  return new RegExp(`^${parts.join('')}$`)
}
