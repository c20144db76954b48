/** Orders of topics, in which `s` goes through them. */
export const topicOrders = ['records', 'bytes', 'under-replicated', 'partitions', 'name'] as const
export type TopicOrder = (typeof topicOrders)[number]

/** What the person who watches has chosen. */
export interface View {
  readonly order: TopicOrder
  readonly paused: boolean
  readonly help: boolean
  /** Lines above those that are shown. */
  readonly scroll: number
}

export type Key = 'quit' | 'sort' | 'pause' | 'help' | 'up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end'

/** Arrows come in two forms, by the mode of the terminal. */
const keys: ReadonlyMap<string, Key> = new Map([
  ['q', 'quit'],
  ['Q', 'quit'],
  ['\x03', 'quit'],
  ['s', 'sort'],
  ['p', 'pause'],
  [' ', 'pause'],
  ['h', 'help'],
  ['?', 'help'],
  ['k', 'up'],
  ['\x1b[A', 'up'],
  ['\x1bOA', 'up'],
  ['j', 'down'],
  ['\x1b[B', 'down'],
  ['\x1bOB', 'down'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[6~', 'page-down'],
  ['\x1b[H', 'home'],
  ['\x1b[1~', 'home'],
  ['\x1b[F', 'end'],
  ['\x1b[4~', 'end'],
])

/** A sequence that ESC begins, or one character. */
const TYPED = /\p{Cc}\[[0-9;]*[A-Za-z~]|\p{Cc}O[A-Za-z]|[\s\S]/gu

/** The keys in what a terminal sent; others are left out. */
export function keysIn(typed: string): Key[] {
  return (typed.match(TYPED) ?? []).flatMap((one) => keys.get(one) ?? [])
}

/** The view after a key. `page`: lines that a page has for what scrolls; `most`: the furthest scroll. */
export function viewAfter(view: View, key: Key, { page, most }: { page: number; most: number }): View {
  const scrolled = (lines: number): View => ({ ...view, scroll: Math.min(Math.max(0, view.scroll + lines), most) })
  switch (key) {
    case 'sort':
      return { ...view, order: topicOrders[(topicOrders.indexOf(view.order) + 1) % topicOrders.length]!, scroll: 0 }
    case 'pause':
      return { ...view, paused: !view.paused }
    case 'help':
      return { ...view, help: !view.help, scroll: 0 }
    case 'up':
      return scrolled(-1)
    case 'down':
      return scrolled(1)
    case 'page-up':
      return scrolled(-page)
    case 'page-down':
      return scrolled(page)
    case 'home':
      return scrolled(-most)
    case 'end':
      return scrolled(most)
    case 'quit':
      return view
  }
}
