/** A route about a topic over HTTP. `topicId`: the one that is meant; missing or empty: whichever has the name. */
export function topicPath(name: string, rest = '', topicId = ''): string {
  const query = topicId === '' ? '' : `?topicId=${encodeURIComponent(topicId)}`
  return `/topics/${encodeURIComponent(name)}${rest}${query}`
}
