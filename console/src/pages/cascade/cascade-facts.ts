import type { CascadeBroker } from '../../api/answers.ts'
import { count, size } from '../../format.ts'

/** What a broker does for others, and where it stands, as far as it has been told. */
export function factsOf({ rack = '', connections = -1, sentBytesPerSecond = -1 }: CascadeBroker): string[] {
  const facts: string[] = []
  if (rack !== '') facts.push(`rack ${rack}`)
  if (connections >= 0) facts.push(connections === 1 ? '1 connection' : `${count(connections)} connections`)
  if (sentBytesPerSecond >= 0) facts.push(`sends ${size(sentBytesPerSecond)}/s`)
  return facts
}
