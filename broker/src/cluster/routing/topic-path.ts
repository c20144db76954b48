/** A route about a topic over HTTP. `topicId`: of the topic; missing or empty: the topic that has the name. */
export function topicPath(name: string, rest = '', topicId = ''): string {
  const query = topicId === '' ? '' : `?topicId=${encodeURIComponent(topicId)}`
  return `/topics/${encodeURIComponent(name)}${rest}${query}`
}
