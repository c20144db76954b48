/**
 * Keys of the streams of one partition in the state store, behind the prefix of its Raft group. All that belongs to one
 * stream stands together under its id, so that it can be removed by one walk.
 */
export const storedKeys = {
  format: 'format',
  head: 'head',
  streams: 'stream/',
  due: 'due/',
  garbage: 'garbage/',
  stream: (path: string): string => `stream/${path}`,
  /** Until a time at which the stream is to be looked at: in the order of these times. */
  dueAt: (at: number, path: string): string => `due/${digits(at)}/${path}`,
  /** By the offset behind the last byte: the first key above an offset has the byte at that offset. */
  data: (id: string, end: number): string => `of/${id}/data/${digits(end)}`,
  dataOf: (id: string): string => `of/${id}/data/`,
  producer: (id: string, producer: string): string => `of/${id}/producer/${producer}`,
  /** Each loan has its own: of two requests for one fork one does not come to be, and gives back what it has got. */
  fork: (id: string, borrower: string, borrowerId: string): string => `of/${id}/fork/${borrowerId}/${borrower}`,
  forksOf: (id: string): string => `of/${id}/fork/`,
  /** All that belongs to a stream except its record. */
  all: (id: string): string => `of/${id}/`,
  /** A stream that is gone, of which a part may be left in the store. */
  garbageOf: (id: string): string => `garbage/${id}`,
  subscriptions: 'subscription/',
  subscription: (path: string): string => `subscription/${path}`,
  /** Of a subscription, by its number: goes as what belongs to a stream does. */
  link: (number: string, stream: string): string => `of/${number}/link/${stream}`,
  linksOf: (number: string): string => `of/${number}/link/`,
  /** A stream that has more than was acked. */
  pending: (number: string, stream: string): string => `of/${number}/pending/${stream}`,
  pendingOf: (number: string): string => `of/${number}/pending/`,
  watches: 'watch/',
  watch: (number: string): string => `watch/${number}`,
  namedWatches: 'named-watch/',
  namedWatch: (number: string, stream: string): string => `named-watch/${number}/${stream}`,
  /** A subscription that is gone, by its number: partitions may watch for it still. */
  departures: 'departure/',
  departure: (number: string): string => `departure/${number}`,
  /** A stream that has changed, which a subscription has not been told yet. */
  news: 'news/',
  newsOf: (stream: string): string => `news/${stream}`,
} as const

function digits(number: number): string {
  return String(number).padStart(16, '0')
}

/** Keys with this prefix, which ends with a slash: '0' is the character after it. */
export function rangeOf(prefix: string): readonly [from: string, to: string] {
  return [prefix, `${prefix.slice(0, -1)}0`]
}

/** Of a key made by `storedKeys.dueAt`. */
export function dueIn(key: string): { readonly at: number; readonly path: string } {
  const start = storedKeys.due.length
  return { at: Number(key.slice(start, start + 16)), path: key.slice(start + 17) }
}
