const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * The text of an object or array with line breaks and indents, and each name, string and number as it stands there:
 * numbers beyond 2^53 keep their digits, equal names stay. Null: it is no JSON, or a single value.
 */
export function indentedJson(text: string): string | null {
  if (!isJsonTree(text)) return null
  const tokens = text.match(token) ?? []
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  return tokens
    .map((one, at) => {
      if (isOpening(one)) {
        depth += 1
        return isClosing(tokens[at + 1]!) ? one : one + line()
      }
      if (isClosing(one)) {
        depth -= 1
        return isOpening(tokens[at - 1]!) ? one : line() + one
      }
      return one === ',' ? one + line() : one === ':' ? ': ' : one
    })
    .join('')
}

function isOpening(one: string): boolean {
  return one === '{' || one === '['
}

function isClosing(one: string): boolean {
  return one === '}' || one === ']'
}

function isJsonTree(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null
  } catch {
    return false
  }
}
