import { type Arguments, toLink, toNumber, toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'
import { messageText } from '../render.ts'
import type { Story } from '../story.ts'
import type { Selection } from '../wire.ts'

/** The network. A selection is `1>2 append first`: link, type, place (first, last, nth=3); each may be left out. */
export const delivery: CommandTable = {
  /** `deliver <selection> times=3 reversed keep`: the messages on the wire now; `keep` leaves a copy there. */
  deliver: (story, args) => {
    const chosen = select(story, args, 'parcels')
    const round = args.words.includes('reversed') ? chosen.toReversed() : chosen
    for (let times = toNumber(args.settings.get('times') ?? '1'); times > 0; times--)
      for (const parcel of round) story.deliver(parcel)
  },
  /** Without a selection: all messages in flight, even none. */
  drop: (story, args) => {
    if (args.words.length + args.settings.size === 0 && story.wire.parcels.length === 0) return
    for (const { message } of select(story, args, 'parcels')) story.note('step', `lost: ${messageText(message)}`)
  },
  /** Loses everything else. */
  only: (story, args) => {
    story.wire.parcels = select(story, args, 'parcels')
  },
  /** Keeps messages back until `release`. */
  hold: (story, args) => {
    story.wire.held.push(...select(story, args, 'parcels'))
  },
  release: (story, args) => {
    for (const parcel of select(story, args, 'held')) story.wire.send(parcel)
  },
  /** `cut 1 2 3`: between 1 and each of the others; `cut 1>2`: one way. */
  cut: (story, { words }) => {
    for (const [from, to] of links(words)) story.wire.cut(from, to)
  },
  /** Without links: all of them. */
  heal: (story, { words }) => {
    if (words.length === 0) story.wire.healAll()
    for (const [from, to] of links(words)) story.wire.mend(from, to)
  },
  /** Delivers until nothing moves. `settle among 1 2`: only between these; the rest stays on the wire. */
  settle: (story, { words }) => {
    if (words[0] !== undefined && words[0] !== 'among') throw new BadCommand('settle, or settle among 1 2 3')
    settle(story, words[0] === 'among' ? toNumbers(words.slice(1)) : null)
  },
  /** Lists the messages in flight. */
  wire: (story) => {
    const { parcels, held } = story.wire
    story.say(...parcels.map(({ message }) => messageText(message)))
    story.say(...held.map(({ message }) => `held: ${messageText(message)}`))
    if (parcels.length + held.length === 0) story.say('nothing')
  },
}

/** Delivers, without a line for each message, until nothing is in flight between `among` (null: any brokers). */
export function settle(story: Story, among: readonly number[] | null): void {
  const { wire } = story
  const { telling } = story
  if (telling === 'step') story.telling = 'progress'
  for (let count = 0; ; count++) {
    if (count === 100_000) throw new BadCommand('this never comes to rest')
    const slot = wire.parcels.findIndex(
      ({ message }) => among === null || (among.includes(message.from) && among.includes(message.to)),
    )
    if (slot < 0) break
    story.deliver(wire.parcels.splice(slot, 1)[0]!)
  }
  story.telling = telling
}

function select(story: Story, args: Arguments, list: 'parcels' | 'held') {
  // The first event starts the cores.
  void story.replicas
  const chosen = story.wire.take(list, selectionOf(args), args.words.includes('keep'))
  if (chosen.length === 0) throw new BadCommand('no such message is on the wire')
  return chosen
}

const kinds = [
  'append',
  'append-reply',
  'vote',
  'vote-reply',
  'pre-vote',
  'pre-vote-reply',
  'heartbeat',
  'heartbeat-reply',
  'snapshot',
  'timeout-now',
]

function selectionOf({ words, settings }: Arguments): Selection {
  let selection: Selection = { link: { from: null, to: null }, kind: null, place: 'all' }
  for (const word of words) {
    const link = toLink(word)
    if (link !== undefined) selection = { ...selection, link }
    else if (word === 'first' || word === 'last') selection = { ...selection, place: word }
    else if (word !== 'reversed' && word !== 'keep') {
      if (!kinds.includes(word)) throw new BadCommand(`no message is called ${word}`)
      selection = { ...selection, kind: word }
    }
  }
  const nth = settings.get('nth')
  return nth === undefined ? selection : { ...selection, place: toNumber(nth) }
}

function links(words: readonly string[]): [number, number][] {
  const arrows = words.flatMap((word) => toLink(word) ?? [])
  if (arrows.length > 0) {
    return arrows.map(({ from, to }) => {
      if (from === null || to === null) throw new BadCommand('name both ends of a link')
      return [from, to]
    })
  }
  const [one, ...others] = toNumbers(words)
  return others.flatMap((other): [number, number][] => [
    [one!, other],
    [other, one!],
  ])
}
