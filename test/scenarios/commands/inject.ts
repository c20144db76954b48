import type { EntryHeader } from '@tailrace/schemas'
import type { RaftMessage } from '../../../broker/src/raft/messages.ts'
import { type Arguments, toLink, toNumber, toPosition } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'
import type { Story } from '../story.ts'

/** Messages that no broker in the story has sent, for the rows of a table; delivered at once. */
export const inject: CommandTable = {
  /**
   * `inject 2>1 append term=3 prev=2@1 commit=4: 3@2 4@3`, `... vote term=3 last=2@1 transfer`, `... pre-vote`, `...
   * vote-reply term=3 yes`, `... append-reply term=3 match=4` or `rejected=4 hint=3@2`, `... heartbeat term=3 commit=2
   * sent=0`, `... heartbeat-reply term=3 last=4`, `... snapshot term=3 last=5@2 source=2`.
   */
  inject: (story, args) => {
    const link = toLink(args.words[0] ?? '')
    if (link === undefined || link.from === null || link.to === null) throw new BadCommand('inject 2>1 <message> ...')
    const envelope = { from: link.from, to: link.to, term: number(args, 'term') }
    const { message, values } = build(story, args, envelope)
    story.deliver({ message, values })
  },
}

interface Envelope {
  readonly from: number
  readonly to: number
  readonly term: number
}

function build(story: Story, args: Arguments, envelope: Envelope): { message: RaftMessage; values: number[] } {
  const { words } = args
  const only = (message: RaftMessage) => ({ message, values: [] })
  switch (words[1]) {
    case 'append':
      return append(story, args, envelope)
    case 'append-reply': {
      const success = !args.settings.has('rejected')
      const hint = position(args, 'hint')
      const matchIndex = number(args, 'match')
      const rejectedIndex = number(args, 'rejected')
      const common = { matchIndex, rejectedIndex, hintIndex: hint.index, hintTerm: hint.term }
      return only({ type: 'append-reply', ...envelope, success, ...common })
    }
    case 'vote':
    case 'pre-vote': {
      const { index: lastIndex, term: lastTerm } = position(args, 'last')
      const pre = words[1] === 'pre-vote'
      return only({ type: 'vote', ...envelope, pre, transfer: words.includes('transfer'), lastIndex, lastTerm })
    }
    case 'vote-reply':
    case 'pre-vote-reply': {
      const pre = words[1] === 'pre-vote-reply'
      return only({ type: 'vote-reply', ...envelope, pre, granted: words.includes('yes') })
    }
    case 'heartbeat':
      return only({ type: 'heartbeat', ...envelope, commit: number(args, 'commit'), sentAt: number(args, 'sent') })
    case 'snapshot': {
      const { index: lastIndex, term: lastTerm } = position(args, 'last')
      return only({ type: 'snapshot', ...envelope, lastIndex, lastTerm, source: number(args, 'source') })
    }
    case 'heartbeat-reply': {
      const sentAt = number(args, 'sent')
      return only({ type: 'heartbeat-reply', ...envelope, lastIndex: number(args, 'last'), sentAt })
    }
    default:
      throw new BadCommand(`no message is called ${words[1] ?? ''}`)
  }
}

function append(story: Story, args: Arguments, envelope: Envelope): { message: RaftMessage; values: number[] } {
  const prev = position(args, 'prev')
  const entries: EntryHeader[] = []
  const values: number[] = []
  let offset = prev.index === 0 ? 0 : story.entryAt(prev.index, prev.term, prev.index - 1).header.lastOffset + 1
  for (const word of args.list ?? []) {
    const { index, term } = toPosition(word)
    const { header, value } = story.entryAt(index, term, offset)
    entries.push(header)
    values.push(value)
    offset = header.lastOffset + 1
  }
  const { index: prevIndex, term: prevTerm } = prev
  const message = { type: 'append', ...envelope, prevIndex, prevTerm, entries, commit: number(args, 'commit') } as const
  return { message, values }
}

function number({ settings }: Arguments, name: string): number {
  return toNumber(settings.get(name) ?? '0')
}

function position({ settings }: Arguments, name: string): { index: number; term: number } {
  return toPosition(settings.get(name) ?? '0@0')
}
