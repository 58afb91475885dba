/** One thing that was looked at. */
export interface Finding {
  readonly state: 'good' | 'warning' | 'broken'
  /** What was looked at. */
  readonly subject: string
  /** What was seen. */
  readonly seen: string
  /** What to do about it; null when nothing has to be done. */
  readonly whatToDo: string | null
}

export function good(subject: string, seen: string): Finding {
  return { state: 'good', subject, seen, whatToDo: null }
}

export function warning(subject: string, seen: string, whatToDo: string): Finding {
  return { state: 'warning', subject, seen, whatToDo }
}

export function broken(subject: string, seen: string, whatToDo: string): Finding {
  return { state: 'broken', subject, seen, whatToDo }
}
