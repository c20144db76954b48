import { toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { newTally, tallyText } from '../counters.ts'
import { logText, statusLines } from '../replica-text.ts'

/** Looks, and changes nothing. */
export const show: CommandTable = {
  status: (story, { words }) => {
    const ids = words.length === 0 ? story.ids : toNumbers(words)
    for (const id of ids) story.say(...statusLines(story.replica(id)))
  },
  /** Terms of each log; `|` after the last committed entry, `~` after the last durable one. */
  logs: (story, { words }) => {
    const ids = words.length === 0 ? story.ids : toNumbers(words)
    story.say(...ids.map((id) => logText(story.replica(id))))
  },
  /** M35: the state of every entry. */
  states: (story, { words }) => {
    for (const id of toNumbers(words)) {
      const rows = story.running(id).core!.entryStates(1, 1000)
      story.say(`${id}: ${rows.map(({ index, state }) => `${index} ${state}`).join(', ')}`)
    }
  },
  /** The counts since the last `mark`. */
  counters: (story) => story.say(tallyText(story.tally)),
  /** Counting begins anew. */
  mark: (story) => {
    story.tally = newTally()
  },
}
