import { toNumber, toPosition } from '../arguments.ts'
import type { CommandTable } from '../command.ts'

export const clients: CommandTable = {
  /** `propose 1 x y`: the proposals share the messages that the core sends. */
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
  /** `token 2 3@1`: a client asks broker 2 to show the entry that an acknowledgement named (M95). */
  token: (story, { words }) => {
    const replica = story.running(toNumber(words[0]))
    const { index, term } = toPosition(words[1] ?? '')
    const shown = replica.core!.commitToken(term, index)
    replica.drain()
    story.say(shown ? `${replica.id} shows ${words[1]}` : `${replica.id} cannot show ${words[1]}`)
  },
}
