import { toNumber } from '../arguments.ts'
import type { CommandTable } from '../command.ts'

export const clients: CommandTable = {
  /** `propose 1 x y`: the proposals share what the core sends. */
  propose: (story, { words }) => {
    const replica = story.running(toNumber(words[0]))
    for (const name of words.slice(1)) {
      const refusal = story.propose(replica.id, name)
      story.say(
        refusal === null ? `${name} is ${replica.core!.lastIndex}@${replica.term}` : `${name} is refused: ${refusal}`,
      )
    }
    replica.drain()
  },
}
